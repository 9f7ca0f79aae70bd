"""Statement files as banks write them, small and odd."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl

MEEZAN = {
    "date": "Transaction Date", "date_format": "dd/mm/yyyy", "value_date": "Value Date", "text": ["Particulars"],
    "reference": "Doc No", "debit": "Debit", "credit": "Credit", "balance": "Balance", "skip_lines": 3,
}  # fmt: skip

MEEZAN_CSV = """Meezan Bank Limited,,,,,,
"Account: 0101-0100200300, PKR",,,,,,
,,,,,,
Transaction Date,Value Date,Particulars,Doc No,Debit,Credit,Balance
02/11/2026,02/11/2026,"IBFT from AYESHA KHAN 03001234567, INV-2026-27-000001",FT1,,"3,435.63","1,03,435.63"
02/11/2026,02/11/2026,ATM withdrawal,,"10,000.00",,"93,435.63"
02/11/2026,02/11/2026,ATM withdrawal,,"10,000.00",,"83,435.63"
,,  Gulberg branch,,,,
03/11/2026 14:05,03/11/2026,SMS alert charges,,116.00,,"83,319.63"
"""

SIMPLE = {"date": 1, "date_format": "yyyy-mm-dd", "amount": 2, "text": [3], "balance": 4, "has_header": False}

OFX_SGML = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20261124<LANGUAGE>ENG</SONRS>
</SIGNONMSGSRSV1><BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>PKR
<BANKACCTFROM><BANKID>MEZN<ACCTID>0100200300<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20261101<DTEND>20261130
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20261103120000[+5:PKT]<TRNAMT>2500.00<FITID>F2<NAME>BILAL &amp; SONS<MEMO>Bill C-2001
</STMTTRN>
<STMTTRN><TRNTYPE>CHECK<DTPOSTED>20261102<TRNAMT>-1,250.50<FITID>F1<CHECKNUM>000771<MEMO>Cheque</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>101249.50<DTASOF>20261124</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""

MT940 = """{1:F01MEZNPKKAAXXX0000000000}{2:I940MEZNPKKAXXXXN}{4:
:20:ST261103
:25:MEZNPKKA/0100200300
:28C:307/1
:60F:C261101PKR100000,00
:61:2611021102C3435,63NTRFFT26306//B1
:86:IBFT AYESHA KHAN 03001234567
INV-2026-27-000001
:61:2611021102D10000,NCHK000771
:86:CHEQUE
:61:2611031103RC500,00NMSCNONREF
:86:REVERSAL OF CREDIT
:62F:C261103PKR92935,63
-}
"""


def camt(version: str = "08", *, closing: str = "103435.63", status: str = "<Sts><Cd>BOOK</Cd></Sts>") -> str:
    party = "<Pty><Nm>عائشہ خان</Nm></Pty>" if version >= "08" else "<Nm>عائشہ خان</Nm>"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><IBAN>PK36MEZN0000000100200300</IBAN></Id><Ccy>PKR</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="PKR">100000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-11-02</Dt></Dt></Bal>
<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="PKR">{closing}</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-11-02</Dt></Dt></Bal>
<Ntry><Amt Ccy="PKR">3435.63</Amt><CdtDbtInd>CRDT</CdtDbtInd>{status}<BookgDt><Dt>2026-11-02</Dt></BookgDt>
<ValDt><DtTm>2026-11-02T10:00:00+05:00</DtTm></ValDt><AcctSvcrRef>B1</AcctSvcrRef><NtryDtls><TxDtls><Refs>
<EndToEndId>INV-2026-27-000001</EndToEndId></Refs><RltdPties><Dbtr>{party}</Dbtr><DbtrAcct><Id><IBAN>PK11HABB1</IBAN>
</Id></DbtrAcct></RltdPties><RmtInf><Ustrd>انٹرنیٹ کا بل</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><Amt Ccy="PKR">9.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>PDNG</Sts><BookgDt><Dt>2026-11-02</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>"""


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append([float(cell) if isinstance(cell, Decimal) else cell for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def simple_csv(lines: Sequence[tuple[date, str, str]], opening: str, *, balances: bool = True) -> bytes:
    """Rows of day, amount, text, and the balance after it."""
    balance, rows = Decimal(opening), []
    for day, amount, text in lines:
        balance += Decimal(amount)
        rows.append(f"{day.isoformat()},{amount},{text},{balance if balances else ''}")
    return "\n".join(rows).encode()


def a_workbook() -> bytes:
    return workbook([
        ["Date", "Details", "Amount", "Type", "Balance"],
        [datetime(2026, 11, 2, 9, 30), "IBFT بلال", Decimal("2500.10"), "CR", Decimal("102500.10")],
        [date(2026, 11, 3), "Fee", Decimal("116.35"), "DR", Decimal("102383.75")],
    ])  # fmt: skip
