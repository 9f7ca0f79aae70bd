story Recovery agents ask two things at once
people
  Rabia is a recovery agent with cases
  Salim is a recovery agent with cases
  Hina is a recovery agent with cases

Rabia: meri list bhejo aur performance bhi dikhao
  messages: 2
  speaks: ur_Latn
Salim: show my worklist and my performance
  messages: 2
  says: Your month so far
Hina: میری فہرست بھیجو اور کارکردگی بھی دکھاؤ
  messages: 2
  speaks: ur
