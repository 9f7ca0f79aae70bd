"""The words that days and months are told with, as pieces of patterns."""

import re
from datetime import date
from functools import lru_cache

from bot.understanding.folding import normalise
from bot.understanding.lexicon import word_table

OF = r"(?:\s*(?:k|ke|kay|ki|ka|of|the|this|کے|کی|کا))*\s*"
MONTH_WORD = r"(?:mahin[ae]y?|maheen[ae]y?|mahny|mahene|mahinay|month|mnth|mah|مہینے|مہینہ|مہینا|ماہ)"
WEEK_WORD = r"(?:haft[ae]y?|haftay|hafty|weeks?|wk|ویک|ہفتے|ہفتہ|ہفتوں)"
DAY_WORD = r"(?:dino?n?|days?|roz|دنوں|دن|روز)"
NEXT = r"(?:agl[aei]y?|aglay|agley|next|nxt|coming|aane wal[aei]|aanay walay|نیکسٹ|اگلے|اگلی|اگلا|آنے والے|آئندہ)"
LAST = r"(?:pichl[aei]y?|pichlay|pichley|pechl[aei]y?|pchl[aei]|last|previous|guzisht[ae]|guzr[ae]|پچھلے|پچھلی|پچھلا|گزشتہ|گذشتہ)"
THIS = r"(?:dis|is|iss|this|isi|current|اس|اسی|رواں)"
LATER = r"(?:baad|bad|mein|mei|main|me|k andar|ke andar|kay andar|andar|tak|later|ki mohlat|ka time|ka waqt|ka extension|ki extension|ki baat|de do|dedo|time|دے دیں|دے دو|کی ایکسٹینشن|کا ٹائم|کی بات|بعد|میں|کے اندر|تک|کی مہلت|کا وقت)"
AGO = r"(?:pehle|pehlay|pahle|phle|pehly|ago|back|پہلے)"
NOT_WORD = r"(?<![\w])"
END = r"(?![\w])"


def month_start(today: date, months: int) -> date:
    place = today.year * 12 + today.month - 1 + months
    return date(place // 12, place % 12 + 1, 1)


@lru_cache(maxsize=1)
def months_by_name() -> dict[str, int]:
    return {normalise(spelling): int(value) for spelling, value in word_table("months").items()}


def any_of(*tables: dict[str, int]) -> str:
    found = sorted({word for table in tables for word in table}, key=len, reverse=True)
    return "|".join(map(re.escape, found))
