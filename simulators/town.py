"""A made-up town of customers and staff, as plain records: the same seed, the same town."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal

AREAS = {
    "Gulberg": (("Gulberg II", 31.5204, 74.3487), ("Gulberg III", 31.5102, 74.3441), ("Garden Town", 31.5017, 74.3239)),
    "Johar Town": (("Johar Town A", 31.4697, 74.2728), ("Johar Town G", 31.464, 74.292), ("Wapda Town", 31.43, 74.26)),
    "Model Town": (("Model Town C", 31.4834, 74.3264), ("Faisal Town", 31.4757, 74.3030)),
}  # fmt: skip
PLANS = (
    ("F5", "Fiber 5", 5, 5, "1100"), ("F8", "Fiber 8", 8, 8, "1400"), ("F10", "Fiber 10", 10, 10, "1650"),
    ("F15", "Fiber 15", 15, 15, "1950"), ("F20", "Fiber 20", 20, 20, "2500"), ("F25", "Fiber 25", 25, 25, "2850"),
    ("F30", "Fiber 30", 30, 30, "3300"), ("F50", "Fiber 50", 50, 50, "4500"), ("F75", "Fiber 75", 75, 75, "6000"),
    ("F100", "Fiber 100", 100, 100, "7500"), ("B100", "Business 100", 100, 100, "14000"),
    ("B200", "Business 200", 200, 200, "25000"),
)  # fmt: skip
MEN = ("Ahmed", "Ali", "Usman", "Bilal", "Hamza", "Imran", "Kashif", "Nadeem", "Omar", "Rizwan", "Saad", "Tahir",
       "Waqas", "Yasir", "Zubair", "Faisal", "Junaid", "Asad", "Danish", "Farhan")  # fmt: skip
WOMEN = ("Ayesha", "Fatima", "Hina", "Maryam", "Nadia", "Rabia", "Saima", "Sana", "Zainab", "Amna", "Bushra",
         "Farah", "Kiran", "Mehwish", "Noor", "Sadia", "Tahira", "Uzma")  # fmt: skip
FAMILIES = ("Khan", "Malik", "Butt", "Chaudhry", "Sheikh", "Qureshi", "Mirza", "Raza", "Hussain", "Iqbal", "Javed",
            "Siddiqui", "Rana", "Gill", "Bhatti", "Awan", "Mughal", "Ansari", "Farooq", "Anwar")  # fmt: skip
COMPANIES = ("Al-Noor Traders", "Ravi Textiles (Pvt) Ltd", "City Care Clinic", "Lahore Grammar Academy",
             "Shalimar Foods", "Punjab Logistics", "Kashmir Bakers", "Iqra Software House")  # fmt: skip


@dataclass(frozen=True)
class Household:
    """A customer to be: where he lives, what he takes, how he pays."""

    name: str
    cnic: str
    phone: str
    address: str
    area: str
    sub_zone: str
    latitude: Decimal
    longitude: Decimal
    fibre_metres: int
    plan: str
    onu_serial: str
    router_serial: str
    mac: str
    business: bool
    habit: str
    """pays, part, advance, one_late, two_late, three_late."""


def households(count: int, seed: int = 7) -> list[Household]:
    """The first `count` households of the town."""
    chance = random.Random(seed)
    return [_household(chance, number) for number in range(count)]


def _household(chance: random.Random, number: int) -> Household:
    area = chance.choice(sorted(AREAS))
    zone, latitude, longitude = chance.choice(AREAS[area])
    business = number % 38 == 37
    woman = chance.random() < 0.35
    person = f"{chance.choice(WOMEN if woman else MEN)} {chance.choice(FAMILIES)}"
    plan = chance.choice(PLANS[10:]) if business else chance.choices(PLANS[:10], (6, 10, 18, 14, 24, 8, 9, 6, 3, 2))[0]
    return Household(
        name=COMPANIES[number // 38 % len(COMPANIES)] if business else person,
        cnic=f"35{chance.randrange(201, 204)}{chance.randrange(10**7):07d}{2 if woman else 1}",
        phone=f"+923{chance.choice(('00', '01', '21', '33', '45'))}{5_000_000 + number * 137:07d}",
        address=f"House {chance.randrange(1, 240)}, Street {chance.randrange(1, 40)}, {zone}, Lahore",
        area=area, sub_zone=zone,
        latitude=Decimal(str(round(latitude + chance.uniform(-0.006, 0.006), 6))),
        longitude=Decimal(str(round(longitude + chance.uniform(-0.006, 0.006), 6))),
        fibre_metres=chance.randrange(40, 420, 5), plan=plan[0],
        onu_serial=f"HWTC{chance.randrange(16**8):08X}", router_serial=f"TPL{chance.randrange(10**9):09d}",
        mac=":".join(f"{chance.randrange(256):02X}" for _ in range(6)), business=business,
        habit=_habit(chance, number),
    )  # fmt: skip


def _habit(chance: random.Random, number: int) -> str:
    known = ("pays", "one_late", "part", "three_late", "advance", "two_late")
    if number < len(known):
        return known[number]
    weights = (72, 4, 4, 9, 6, 5)
    return chance.choices(("pays", "part", "advance", "one_late", "two_late", "three_late"), weights)[0]
