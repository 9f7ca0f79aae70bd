story Technicians ask two things at once
people
  Tariq is a technician
  Usman is a technician
  Sana is a technician

Tariq: aaj ke kaam dikhao aur kisi insaan se baat karao
  messages: 2
  speaks: ur_Latn
Usman: show my jobs, and change the language to english
  messages: 2
  says before: I will write in this language
Sana: آج کے کام دکھاؤ اور کسی انسان سے بات کراؤ
  messages: 2
  speaks: ur
