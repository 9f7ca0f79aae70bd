story A number that belongs to nobody sees no account
people
  Ayesha is a customer who owes 3435.63
  Bilal is a stranger

Bilal: mera bill kitna hai
  does not say: 3,435
Bilal: C-1001 ka bill batao
  does not say: 3,435
  does not say: Ayesha
Bilal: package kya kya hain
  says: 20 Mbps
fact: Ayesha owes 3435.63
