story What cannot be read is answered kindly, and the talk goes on
people
  Ayesha is a customer who owes nothing

Ayesha: assalam o alaikum bhai
Ayesha sends a voice note
  speaks: ur_Latn
Ayesha sends a sticker
  speaks: ur_Latn
Ayesha: net band hai
Ayesha taps: Abhi nahi dekh sakta
Ayesha sends a photo
Ayesha taps: Haan
fact: Ayesha has a no_internet ticket that is open
