story Strangers ask two things at once
people
  Zoya is a stranger
  Omar is a stranger
  Hina is a stranger

Zoya: packages kya hain aur connection lagwana hai
  messages: 2
  speaks: ur_Latn
Omar: what are your packages and i want a new connection
  messages: 2
  speaks: en
Hina: پیکج کون سے ہیں اور کنکشن لگوانا ہے
  messages: 2
  speaks: ur
