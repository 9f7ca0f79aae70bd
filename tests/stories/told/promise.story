story A customer asks for a day more
people
  Ayesha is a customer who owes 3435.63

Ayesha: kal 2000 de dungi
  says: Rs 2,000
Ayesha taps: Haan
  says: wada
fact: Ayesha promised 2000
Ayesha: menu
  offers: Mera baqaya
