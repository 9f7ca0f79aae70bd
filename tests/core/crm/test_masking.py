"""What shows who a person is cannot be read where text is shown."""

from __future__ import annotations

import pytest

from core.crm.linking import account_number
from core.crm.masking import holds_cnic, mask_phone, mask_secrets


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("35202-1234567-1", "35202-*******-1"),
        ("cnic: 35202 1234567 1.", "cnic: 35202 ******* 1."),
        ("3520212345671", "35202*******1"),
        ("۳۵۲۰۲-۱۲۳۴۵۶۷-۱", "۳۵۲۰۲-*******-۱"),
        ("call 03001234567", "call 03001234567"),
        ("ref 99887766554433", "ref 99887766554433"),
        ("0092 300 1234567", "0092 300 1234567"),
        ("https://x.example/papers/chenab/AbC-1_d.9f0e", "https://x.example/papers/chenab/…"),
    ],
)
def test_a_cnic_and_a_link_of_its_owner_are_masked_and_nothing_else(said: str, shown: str) -> None:
    assert mask_secrets(said) == shown
    assert holds_cnic(said) == ("*" in shown)


def test_a_phone_is_known_to_its_owner_and_not_to_be_called() -> None:
    assert mask_phone("+923001234567") == "+92 300 ••••567"


@pytest.mark.parametrize(
    ("said", "number"),
    [("C-2001", "C-2001"), ("c2001", "C-2001"), (" 2001 ", "C-2001"), ("account no. 2001", "C-2001"),
     ("Account number: c-2001", "C-2001"), ("Ayesha Khan", None), ("3520212345671", None), ("", None), ("C-", None)],
)  # fmt: skip
def test_an_account_number_is_read_as_people_write_it(said: str, number: str | None) -> None:
    assert account_number(said) == number
