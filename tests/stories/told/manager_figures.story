story A manager asks for figures, gives a summary its hour, and is refused what only the owner sees
people
  Saima is a manager with work

Saima: aaj ki recovery?
  says: Rs 1,500
  offers: Agent war
Saima taps: Agent war
  says: Rabia: Rs 1,500
Saima: kal kitni recovery hui
  says: Rs 0
  speaks: ur_Latn
Saima: is mahine ka munafa kitna hai
  says: sirf malik
  does not say: Rs
Saima: kamran ka khata dikhao
  says: Kamran Shah
  says: Rs 500
Saima: summary subah 8 baje
  says: 08:00
Saima: summary band karo
  says: nahi aata
  offers: Khulasa chalu
