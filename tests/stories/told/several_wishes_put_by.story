story Of two wishes that need questions the second waits its turn
people
  Ayesha is a customer who owes 3435.63
  Bilal is a customer who owes 3435.63
  Hina is a customer who owes 3435.63

Ayesha: net nahi chal raha aur ghar shift karna hai
  says: Is ke baad
  offers: Laal light (LOS)
Ayesha: cancel
  offers: Jari rakhein
Ayesha taps: Jari rakhein
  does not say: band ho chuka

Bilal: my internet is not working and I want to change my plan
  says: After this we go on with
Bilal: cancel
  offers: Continue
Bilal taps: Leave it
  says: stopped

Hina: نیٹ نہیں چل رہا اور گھر شفٹ کرنا ہے
  says: اس کے بعد
  speaks: ur
