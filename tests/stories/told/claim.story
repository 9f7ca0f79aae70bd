story A payment is told with its reference and a picture
people
  Ayesha is a customer who owes 3435.63

Ayesha: maine 2500 jazzcash kar diye
Ayesha: JC-778812
Ayesha sends a photo
  says: 2,500
Ayesha taps: Haan
fact: Ayesha claimed 2500 with reference JC-778812
