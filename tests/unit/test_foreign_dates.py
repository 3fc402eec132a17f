"""Words for days in other languages than English and Chinese."""

from __future__ import annotations

from datetime import date

import pytest

from powermem._core.clock import parse, read_zone
from powermem._core.query import question
from powermem._core.rules import extract
from powermem._core.rules.dates import find_dates
from powermem._core.values import Message

WEDNESDAY = date(2026, 4, 22)


def written(sentence: str) -> list[tuple[str, str]]:
    found = find_dates(sentence, WEDNESDAY)
    return [(item.day.isoformat(), (item.words or "").strip(" ()\uff08\uff09")) for item in found]


@pytest.mark.parametrize(
    ("sentence", "day", "words"),
    [
        ("Gestern habe ich eine Katze adoptiert.", "2026-04-21", "21. April 2026"),
        ("Gestern Abend war ich im Kino.", "2026-04-21", "21. April 2026"),
        ("Vorgestern Pizza gegessen.", "2026-04-20", "20. April 2026"),
        ("Heute Morgen war ich laufen.", "2026-04-22", "22. April 2026"),
        ("Ich bin hier und habe morgen frei.", "2026-04-23", "23. April 2026"),
        ("Letzten Montag war ich in Rom.", "2026-04-20", "20. April 2026"),
        ("Kommenden Freitag habe ich Geburtstag.", "2026-04-24", "24. April 2026"),
        ("Vor zwei Wochen bin ich umgezogen.", "2026-04-08", "um den 8. April 2026"),
        ("In drei Tagen fliege ich nach Rom.", "2026-04-25", "25. April 2026"),
        ("Nächste Woche fliege ich nach Rom.", "2026-04-27", "Woche vom 27. April 2026"),
        ("Letzten Monat bin ich umgezogen.", "2026-03-01", "März 2026"),
        ("Letztes Jahr habe ich geheiratet.", "2025-01-01", "2025"),
        ("Hier j'ai adopté un chat.", "2026-04-21", "21 avril 2026"),
        ("J\u2019ai adopté un chat hier soir.", "2026-04-21", "21 avril 2026"),
        ("Avant-hier je suis allé à Lyon.", "2026-04-20", "20 avril 2026"),
        ("La semaine dernière, j'ai déménagé.", "2026-04-13", "semaine du 13 avril 2026"),
        ("Lundi prochain je commence mon travail.", "2026-04-27", "27 avril 2026"),
        ("Il y a trois mois j'ai changé de travail.", "2026-01-01", "janvier 2026"),
        ("Je pars dans deux jours.", "2026-04-24", "24 avril 2026"),
        ("Me mudé ayer a Valencia.", "2026-04-21", "21 de abril de 2026"),
        ("Mañana por la mañana voy al médico.", "2026-04-23", "23 de abril de 2026"),
        ("El lunes pasado fui al cine.", "2026-04-20", "20 de abril de 2026"),
        ("Hace dos años que vivo en Lima.", "2024-01-01", "2024"),
        ("Ieri sera ho mangiato la pizza.", "2026-04-21", "21 aprile 2026"),
        ("Due giorni fa ho comprato una bici.", "2026-04-20", "20 aprile 2026"),
        ("La settimana prossima vado a Roma.", "2026-04-27", "settimana del 27 aprile 2026"),
        ("Ontem eu adotei um gato.", "2026-04-21", "21 de abril de 2026"),
        ("Segunda-feira passada fui ao médico.", "2026-04-20", "20 de abril de 2026"),
        ("Gisteren heb ik een kat geadopteerd.", "2026-04-21", "21 april 2026"),
        ("Ik ga over twee weken naar Rome.", "2026-05-06", "rond 6 mei 2026"),
        ("Вчера я купил собаку.", "2026-04-21", "21 апреля 2026"),
        ("어제 고양이를 입양했어요.", "2026-04-21", "2026년 4월 21일"),
        ("一昨日、猫を飼いました。", "2026-04-20", "2026年4月20日"),
        ("きのう猫を飼いました。", "2026-04-21", "2026年4月21日"),
    ],
)
def test_dates_are_written_out(sentence: str, day: str, words: str) -> None:
    assert written(sentence) == [(day, words)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Ich wohne hier.",
        "Hier ist es schön.",
        "Hier ben ik thuis.",
        "Guten Morgen!",
        "Ich mag den Morgen.",
        "Ich jogge jeden Morgen.",
        "Prefiero trabajar por la mañana.",
        "I live in two houses and work over there.",
        "We suggested a prayer for the question.",
        "Gestern (am Dienstag) habe ich gelesen.",
        "",
    ],
)
def test_other_meanings_are_left(sentence: str) -> None:
    assert written(sentence) == []


@pytest.mark.parametrize(
    ("query", "first"),
    [("What did I do yesterday?", "2026-04-21"), ("Was habe ich gestern gemacht?", "2026-04-21"),
     ("我昨天做了什么?", "2026-04-21"), ("What did I do today?", "2026-04-22"),
     ("last month?", "2026-03-01")],
)  # fmt: skip
def test_the_days_of_a_query_are_those_where_it_is_asked(query: str, first: str) -> None:
    now, zone = parse("2026-04-23T02:30:00Z"), read_zone("America/New_York")
    period = question.find_period(query, now, zone)
    assert period is not None
    assert period.start == parse(first, zone=zone)


def test_a_day_is_as_long_as_clocks_say() -> None:
    zone = read_zone("Europe/Berlin")
    period = question.find_period("yesterday", parse("2026-03-30T10:00", zone=zone), zone)
    assert period is not None
    assert period.end - period.start == 23 * 3_600_000_000


def test_facts_keep_their_language() -> None:
    message = Message("user", "Gestern habe ich eine Katze adoptiert.", None, parse("2026-04-23T02:30:00Z"))
    (fact,) = extract([message])
    assert fact.text == "Gestern (22. April 2026) habe ich eine Katze adoptiert."
