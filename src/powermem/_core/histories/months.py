"""Names of months in the languages that exports are written in."""

from __future__ import annotations

import re
import unicodedata

# By their first letters, without accents; the longest match counts. From the calendars of CLDR.
_NAMES = {
    1: "jan janv ene gen januar styczen sty stycznia led leden ledna oca ocak янв січ ianuarie ian jaan",
    2: "feb fevr fev fév lut luty lutego uno unor unora sub subat şub фев лют veebr",
    3: "mar mars marz mrt maart brez brezen brezna мар бер marzo marco maerz mär",
    4: "apr avr abr kwi kwiecien kwietnia dub duben dubna nis nisan апр кві aprile avril",
    5: "may mai mag maj mei kve kveten kvetna mayis mayıs мая май тра travanj",
    6: "jun juin giu cze czerwiec czerwca cerven cervna haz haziran июн чер juni giugno",
    7: "jul juil lug lip lipiec lipca cervenec cervence tem temmuz июл лип juli luglio",
    8: "aug aou aout ago sie sierpien sierpnia srp srpen srpna agu agustos авг сер agosto",
    9: "sep sept set wrz wrzesien wrzesnia zar zari eyl eylul сен вер settembre",
    10: "oct okt ott out paz pazdziernik pazdziernika rij rijen rijna eki ekim окт жов ottobre oktober",
    11: "nov nov listopad listopada lis kas kasim ноя лис noviembre",
    12: "dec dez dic dec gru grudzien grudnia pro prosinec prosince ara aralik дек гру decembre dezember",
}


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.casefold().replace("ı", "i"))
    return "".join(one for one in apart if not unicodedata.combining(one))


_MONTHS = {_plain(name): number for number, names in _NAMES.items() for name in names.split()}


def month_named(text: str) -> int | None:
    """Return the number of the month whose name is in a text; ``None`` if there is none."""
    for word in re.findall(r"[^\W\d_]+", _plain(text)):
        for length in range(len(word), 2, -1):
            if (number := _MONTHS.get(word[:length])) is not None:
                return number
    return None
