story An amount that cannot be promised is told at once
people
  Ayesha is a customer who owes 3435.63

Ayesha: main kal 500 de dungi
  says: Rs 500
  says: Rs 1,717.82
Ayesha: 2000
Ayesha taps: Haan
fact: Ayesha promised 2000
