story Customers write several wishes in one message, in three languages
people
  Ayesha is a customer who owes 3435.63
  Bilal is a customer who owes 3435.63
  Hina is a customer who owes 3435.63

# A question is answered at once, then the complaint begins.
Ayesha: bill batao aur net bhi nahi chal raha
  messages: 2
  says before: Rs 3,435.63
  offers: Laal light (LOS)
  speaks: ur_Latn
Bilal: My internet is down. How do I pay my bill?
  messages: 2
  says before: how to pay
  says: Which lights do you see on the box?
  speaks: en
Hina: بل بتائیں اور نیٹ بھی نہیں چل رہا
  messages: 2
  says before: 3,435.63
  speaks: ur

# "aur" inside one wish parts nothing.
Bilal: cancel
Bilal: send bill and receipt
  messages: 2
  sends before: INV-2026-27-

# A person is asked for: the rest is answered first, and the complaint waits under a button.
Ayesha: menu
Ayesha: mera package kya hai, aur 2 din se internet slow hai, kisi insaan se baat karao
  messages: 2
  says before: Mbps
  offers: Shikayat darj karein
  speaks: ur_Latn
Ayesha taps: Shikayat darj karein
  offers: Laal light (LOS)
