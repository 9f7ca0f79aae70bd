story A picture comes before it is said what it is for
people
  Ayesha is a customer who owes 3435.63
  Bilal is a customer who owes 3435.63
  Hina is a customer who owes 3435.63
  Omar is a customer who owes 3435.63

# By a tap: the same picture is the payment's proof.
Ayesha: salam
Ayesha sends a photo
  offers: Paise de diye
  offers: Kuch aur
Ayesha taps: Paise de diye
Ayesha: 2500
Ayesha: JC-1
  says: Tasveer
Ayesha taps: Haan
fact: Ayesha claimed 2500 with reference JC-1

# By words.
Bilal: hello there my friend
Bilal sends a photo
  says: What is it about?
Bilal: this is the payment screenshot
  says: How much did you pay?
Bilal: 2500
Bilal: JC-2
  says: Photo: attached

Hina: سلام
Hina sends a photo
Hina: یہ تار ٹوٹنے کی تصویر ہے
Hina sends a location
  speaks: ur

# In the middle of a flow, before it is asked for.
Omar: I have paid 2500
Omar sends a photo
  says: I have the picture
Omar: JC-3
  says: Photo: attached
