"""What can happen to stock, between which places, and which accounts its cost goes between (reference money 5.2)."""

from __future__ import annotations

from dataclasses import dataclass

STOCK, AT_CUSTOMERS, UNBILLED, OPENING = "1200", "1210", "2310", "3990"
COST_OF_SALES, CONSUMABLES = "5010", "5020"
INSIDE = ("warehouse", "technician")
"""Places of the company's own: what is there is its stock, account 1200."""


@dataclass(frozen=True)
class Event:
    """`debit` and `credit` are where the cost goes and where it comes from; equal ones, or none, book nothing."""

    label: str
    debit: str = ""
    credit: str = ""

    @property
    def books(self) -> bool:
        """Whether the cost changes its account."""
        return self.debit != self.credit


EVENTS: dict[str, Event] = {
    "opening": Event("In stock before these books", STOCK, OPENING),
    "purchase": Event("Bought", STOCK, UNBILLED),
    "purchase_return": Event("Returned to the supplier", UNBILLED, STOCK),
    "transfer": Event("Moved", STOCK, STOCK),
    "used": Event("Used at a customer", CONSUMABLES, STOCK),
    "unused": Event("Brought back from a customer", STOCK, CONSUMABLES),
    "rented": Event("Rented out", AT_CUSTOMERS, STOCK),
    "sold": Event("Sold", COST_OF_SALES, STOCK),
    "bought_out": Event("Sold to who rented it", COST_OF_SALES, AT_CUSTOMERS),
    "returned": Event("Returned by the customer", STOCK, AT_CUSTOMERS),
    "taken_back": Event("Sale taken back", STOCK, COST_OF_SALES),
    "own": Event("The customer's own, noted"),
    "held": Event("The customer's, taken in for repair"),
    "given_back": Event("The customer's, given back"),
    "scrapped": Event("Scrapped", COST_OF_SALES, STOCK),
    "lost": Event("Lost at the customer", COST_OF_SALES, AT_CUSTOMERS),
    "missing": Event("Missing in a stock take", COST_OF_SALES, STOCK),
    "found": Event("Found in a stock take", STOCK, COST_OF_SALES),
}
