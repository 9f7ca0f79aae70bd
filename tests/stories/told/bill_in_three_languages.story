story The same question in three languages, each answered in its own
people
  Ayesha is a customer who owes 3435.63

Ayesha: mera bill kitna hai
  says: Rs 3,435.63
  speaks: ur_Latn
Ayesha: what is my balance?
  says: Rs 3,435.63
  speaks: en
Ayesha: میرا بل کتنا ہے
  speaks: ur
fact: Ayesha is spoken to in ur
fact: Ayesha owes 3435.63
