"""Facts that nothing in the conversation states are left out; what a weak model leaves undone is done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from powermem._core.clock import parse
from powermem._core.grounding.days import written_out
from powermem._core.grounding.echoes import Echoes
from powermem._core.grounding.finishing import Finishing
from powermem._core.grounding.ground import Ground
from powermem._core.grounding.speakers import in_third_person
from powermem._core.grounding.words import Vocabulary, content, forms
from powermem._core.parsing.decisions import Decision, resolve
from powermem._core.prompts.extraction import extraction_messages
from powermem._core.values import Extracted, Fact, FoundPreference, Message

DATA = Path(__file__).parent.parent / "data"
SENT = parse("2023-05-08T10:00:00Z")
TODAY = parse("2026-11-29T12:00:00Z")


def say(*turns: str) -> list[Message]:
    """Return a conversation of "role: text" or "name: text"."""
    messages = []
    for turn in turns:
        who, _, text = turn.partition(": ")
        role = "assistant" if who == "assistant" else "user"
        messages.append(Message(role, text, None if who in ("user", "assistant") else who, SENT))
    return messages


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def labelled(name: str) -> Iterator[tuple[str, list[Message], list[Any], list[Any]]]:
    """Yield id, messages, good and bad facts of a file."""
    conversations = {item["id"]: item for item in lines(DATA / "extraction" / "mixed.jsonl")}
    for item in lines(DATA / "grounding" / f"{name}.jsonl"):
        if "messages" in item:
            messages = say(*(": ".join(turn) for turn in item["messages"]))
        else:
            messages = say(
                *(
                    f"{turn.get('name') or turn['role']}: {turn['content']}"
                    for turn in conversations[item["id"]]["messages"]
                )
            )
        yield item["id"], messages, item["good"], item.get("bad", [])


@pytest.mark.parametrize("name", ["mixed", "chosen_on", "later"])
def test_no_fact_of_a_good_model_is_lost(name: str) -> None:
    lost = [
        (where, text)
        for where, messages, good, _ in labelled(name)
        for turn, text in good
        if not Ground(messages).holds(text, turn)
    ]
    assert lost == []


@pytest.mark.parametrize("name", ["mixed", "chosen_on", "later"])
def test_no_fact_of_a_good_model_is_lost_for_want_of_its_turn(name: str) -> None:
    lost = [
        (where, text)
        for where, messages, good, _ in labelled(name)
        for _, text in good
        if not Ground(messages).holds(text, None)
    ]
    assert lost == []


@pytest.mark.parametrize(("name", "share"), [("chosen_on", 0.95), ("later", 0.85)])
def test_most_facts_without_ground_are_left_out(name: str, share: float) -> None:
    bad = [(Ground(messages), turn, text) for _, messages, _, items in labelled(name) for turn, text in items]
    dropped = sum(not ground.holds(text, turn) for ground, turn, text in bad)
    assert len(bad) > 30
    assert dropped >= share * len(bad)


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        (["user: What's the weather like today?"], "The weather is sunny."),
        (["user: whats the weather like today"], "The weather is sunny and warm."),
        (["user: Thanks, that was helpful!"], "Today is Sunday, 29 November 2026."),
        (["user: Thanks, that was helpful!"], "User lives in Berlin."),
        (["user: Thanks, that was helpful!"], "The last turn was sent on Monday, 8 May 2023."),
        (["user: How do I bake bread?"], "Bread is a staple food made from flour and water."),
        (["user: How do I bake bread?"], "How do I bake bread?"),
        (["user: Wie wird das Wetter?"], "Das Wetter ist sonnig."),
        (["user: 今天天气怎么样？"], "天气晴朗。"),
        (["user: 明日の天気は？", "assistant: 晴れです。"], "明日は晴れである。"),
        (["user: ¿Qué hora es en Tokio?", "assistant: Las 9."], "Tokio es la capital de Japón."),
        (["user: What is a monad?", "assistant: A monoid of endofunctors."], "A monad is a monoid."),
        (["user: hm", "assistant: Great."], "Great."),
        (["user: 好吧"], "好吧"),
        (["user: I want coffee", "assistant: Tea then?"], "Tea then?"),
        (["user: I am Bo", "assistant: Hello! How can I help you?"], "Hello! How can I help you?"),
        (["user: My cat is called Miso."], "The Eiffel Tower is 330 m tall."),
    ],
)
def test_what_nobody_stated_has_no_ground(said: list[str], fact: str) -> None:
    ground = Ground(say(*said))
    assert not ground.holds(fact, 0)
    assert not ground.holds(fact, None)


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        (["user: peanuts make my throat swell up"], "User is allergic to peanuts."),
        (["user: I don't touch meat"], "User is a vegetarian."),
        (["assistant: Do you smoke?", "user: No."], "User does not smoke."),
        (["user: What can I cook for my vegan wife?"], "User's wife is vegan."),
        (["user: I have five cats"], "User has 5 cats."),
        (["user: It cost me 4k"], "User paid 4,000 for it."),
        (["user: Ich arbeite als Zahnärztin in Wien"], "User is a dentist in Vienna."),
        (["user: 我住在北京"], "User lives in Beijing."),
        (["user: What did my test say?", "assistant: Your ferritin is 12."], "User's ferritin is 12."),
        (["user: Book a table", "assistant: I've booked table 4."], "Table 4 is booked for User."),
        (["user: Forget where I live"], "User wants it forgotten that they live in Porto."),
        (["user: I was born in 1991"], "User is 34 years old."),
        (["user: Lea got engaged, did you hear?"], "Lea got engaged."),
    ],
)
def test_other_words_are_ground_enough(said: list[str], fact: str) -> None:
    assert Ground(say(*said)).holds(fact, len(said) - 1)


def test_a_wrong_turn_number_costs_no_fact() -> None:
    talk = [f"user: Remark number {number} about the garden." for number in range(40)]
    ground = Ground(say("user: My sister Lena moved to Oslo with her dog.", *talk))
    assert ground.holds("User's sister Lena moved to Oslo with a dog.", 40)
    assert not ground.holds("User's brother Karl flew to Madrid with a parrot.", 40)


def test_instructions_of_ones_own_may_ask_for_more() -> None:
    said = say("user: What is a monad?", "assistant: A monad is a monoid of endofunctors.")
    assert Ground(said, lenient=True).holds("A monad is a monoid of endofunctors.", 1)
    assert not Ground(said, lenient=True).holds("Bread is a staple food.", 1)


@pytest.mark.parametrize(
    ("word", "text", "there"),
    [
        ("allergic", "Ich bin Allergiker", True),
        ("mother", "mum is 70", True),
        ("peanuts", "a peanut", True),
        ("milch", "Hafermilch", True),
        ("cat", "I read a catalogue", False),
        ("7", "number 17", False),
        ("北京", "我住在北京", True),
    ],
)
def test_forms_of_words_agree(word: str, text: str, *, there: bool) -> None:
    (form,) = content(word)
    assert Vocabulary(forms(text)).has(form) is there


def related(one: str, other: str) -> bool:
    """Return whether two forms have a long common beginning, or one is part of the other."""
    alike = 0
    while alike < min(len(one), len(other)) and one[alike] == other[alike]:
        alike += 1
    shorter, longer = sorted((one, other), key=len)
    return (alike >= 4 and alike >= 0.6 * len(longer)) or (len(shorter) >= 5 and shorter in longer)


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(
    st.text("ab", min_size=1, max_size=9), st.frozensets(st.text("ab", min_size=1, max_size=9), max_size=6)
)
def test_a_word_is_found_in_any_inflection_and_compound(wanted: str, held: frozenset[str]) -> None:
    near = len(wanted) >= 4 and any(related(wanted, other) for other in held if len(other) >= 4)
    assert Vocabulary(held).has(wanted) is (wanted in held or near)


def test_the_words_of_a_conversation_are_collected_once_for_all_facts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    collected = []

    class Counted(Vocabulary):
        def __init__(self, forms: frozenset[str]) -> None:
            super().__init__(forms)
            collected.append(self)

    monkeypatch.setattr("powermem._core.grounding.ground.Vocabulary", Counted)
    said = say(
        *(f"user: Remark {number} on the gardens of Lisbon and their gardeners." for number in range(5))
    )
    ground = Ground(said)
    ground.holds("User likes gardening in Lisboa.", 2)
    once = len(collected)
    for number in range(20):
        ground.holds(f"User has {number} gardening tools in Lisboa.", 2)
    assert len(collected) == once > 0


@pytest.mark.parametrize(
    "text",
    [
        "on 7 May 2023",
        "2023-05-07",
        "May 7th, 2023",
        "in June 2023",
        "am 7. Mai 2023",
        "7 de mayo de 2023",
        "2023年5月7日",
    ],
)
def test_dates_are_no_content(text: str) -> None:
    assert content(f"Lea {text}") == content("Lea")


def request(messages: list[Message]) -> Any:
    return extraction_messages(messages, today=TODAY)


@pytest.mark.parametrize(
    "fact",
    ["text", "The fact.", "null", "The number of the turn that states it."],
)
def test_what_only_repeats_the_request_is_an_echo(fact: str) -> None:
    assert Echoes(request(say("user: Thanks!"))).repeats(fact)


def test_an_example_in_instructions_of_ones_own_is_an_echo() -> None:
    said = say("user: I like it here.")
    asked = extraction_messages(said, today=TODAY, custom='Keep likings, such as "Bo collects old stamps".')
    found = Extracted([Fact("Bo collects old stamps", 0), Fact("User likes it here", 0)])
    finished = Finishing(said, asked, today=TODAY, custom=True).finish(found)
    assert [fact.text for fact in finished.found.facts] == ["User likes it here"]
    # Somebody may say just that.
    said = say("user: Bo collects old stamps.")
    finished = Finishing(said, asked, today=TODAY, custom=True).finish(found)
    assert finished.found.facts[0].text == "Bo collects old stamps"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tom got married yesterday", "Tom got married yesterday (7 May 2023)"),
        ("User moved to Porto last week", "User moved to Porto last week (week of 1 May 2023)"),
        ("Der Benutzer ist gestern umgezogen", "Der Benutzer ist gestern (7. Mai 2023) umgezogen"),
        ("用户昨天搬家了", "用户昨天（2023年5月7日）搬家了"),
        ("Tom got married yesterday, on 7 May 2023", "Tom got married yesterday, on 7 May 2023"),
        ('User loves the song "Yesterday"', 'User loves the song "Yesterday"'),
        ("User loves Yesterday by the Beatles", "User loves Yesterday by the Beatles"),
        ("User likes tea", "User likes tea"),
    ],
)
def test_relative_days_are_written_out(text: str, expected: str) -> None:
    assert written_out(Fact(text), SENT, 0).text == expected


def test_the_day_of_the_turn_counts_by_its_own_clock() -> None:
    late = parse("2023-05-09T02:00:00Z")
    said = [Message("user", "I adopted a cat yesterday.", sent_at=late, utc_offset=-4 * 3600)]
    found = Extracted([Fact("User adopted a cat yesterday", 0)])
    (fact,) = Finishing(said, request(said), today=TODAY).finish(found).found.facts
    assert fact.text == "User adopted a cat yesterday (7 May 2023)"
    assert fact.event_at == parse("2023-05-07T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("I moved to Porto.", None, "User moved to Porto."),
        ("I'm a vet and I've two kids", "Ana", "Ana is a vet and Ana has two kids"),
        ("I don't like tea", None, "User doesn't like tea"),
        ("I still work as a nurse", None, "User still works as a nurse"),
        ("I live in Porto and work as a nurse", "Tom", "Tom lives in Porto and works as a nurse"),
        ("I quit smoking", None, "User quit smoking"),
        ("I can't eat nuts", None, "User can't eat nuts"),
        ("My brother gave me a bike", None, "User's brother gave User a bike"),
        ("Tom and I went to Rome", "Mia", "Tom and Mia went to Rome"),
        ("I carry it", None, "User carries it"),
        ("User studied World War I", None, "User studied World War I"),
        ('User says "I like tea"', None, 'User says "I like tea"'),
        ("我住在北京", None, "用户住在北京"),
        ("我们公司用Go", None, "我们公司用Go"),
        ("私は大阪に住んでいる", None, "ユーザーは大阪に住んでいる"),
        ("저는 부산에서 일해요", None, "사용자는 부산에서 일해요"),
        ("Ich wohne in Wien", None, "Der Benutzer wohnt in Wien"),
        ("Ich mag meine Katze", None, "Ich mag meine Katze"),
        ("Tengo dos gatos", None, "Tengo dos gatos"),
        ("No me gusta el fútbol y no tengo coche.", None, "No me gusta el fútbol y no tengo coche."),
        ("If I cook, it is in my kitchen In Rome", None, "If User cooks, it is in User's kitchen In Rome"),
        ("It is in India that I saw Iris", "Tom", "It is in India that Tom saw Iris"),
        ("It was in Iceland that my brother fell", None, "It was in Iceland that User's brother fell"),
    ],
)
def test_the_speaker_stands_in_for_i(text: str, name: str | None, expected: str) -> None:
    assert in_third_person(text, name) == expected


def test_the_speaker_is_the_one_of_the_turn() -> None:
    said = say(
        "Mia: Did you get it?", "Tom: Yes, I start at Siemens!", "assistant: I booked the train to Rome."
    )
    found = Extracted([Fact("I start at Siemens", 1), Fact("I booked the train to Rome", 2)])
    texts = [fact.text for fact in Finishing(said, request(said), today=TODAY).finish(found).found.facts]
    assert texts == ["Tom starts at Siemens", "The assistant booked the train to Rome"]


def test_a_fact_in_the_words_of_another_turn_is_from_there() -> None:
    said = say("Mia: I start in Rome on Monday.", "assistant: Good luck!", "Tom: Thanks from me, too.")
    found = Extracted([Fact("I start in Rome on Monday", 1)])
    (fact,) = Finishing(said, request(said), today=TODAY).finish(found).found.facts
    assert fact.turn == 0
    assert fact.text.startswith("Mia starts in Rome on Monday")


def test_preferences_may_be_conclusions_and_need_something_to_conclude_from() -> None:
    def left(said: list[Message]) -> list[str]:
        found = Extracted([], [FoundPreference("implicit_preference", "May prefer good value", "chose it")])
        return list(Finishing(said, request(said), today=TODAY).finish(found).left_out)

    assert left(say("user: I'll take the cheap hotel near the station")) == []
    assert left(say("user: Thanks!")) == ["May prefer good value"]


@pytest.mark.parametrize(
    ("memory", "fact", "merged"),
    [
        (
            "Lea got married yesterday",
            "Tom works as a pilot",
            "Lea got married yesterday. Tom works as a pilot",
        ),
        ("小李昨天结婚了", "小王是飞行员", "小李昨天结婚了。小王是飞行员"),
        (
            "User's sister Ana lives in Oslo with two cats",
            "User's sister is a nurse",
            "User's sister is a nurse",
        ),
    ],
)
def test_an_update_of_two_matters_is_an_addition(memory: str, fact: str, merged: str) -> None:
    decided = resolve([Decision(0, "UPDATE", "M1", merged)], [fact], {"M1": memory})
    assert decided == (Decision(0, "ADD"),)


@pytest.mark.parametrize(
    ("memory", "fact", "merged"),
    [
        ("Ana lives in Porto", "Ana lives in Porto with Bo", "Ana lives in Porto, with Bo"),
        ("User has a cat", "The cat is called Miso", "User has a cat called Miso."),
        ("Ana has a dog. It is old.", "Ana's dog is called Rex", "Ana has a dog called Rex. It is old."),
        ("User works as a nurse", "User works nights", "User works nights as a nurse"),
    ],
)
def test_an_update_of_one_matter_stays(memory: str, fact: str, merged: str) -> None:
    decided = resolve([Decision(0, "UPDATE", "M1", merged)], [fact], {"M1": memory})
    assert decided == (Decision(0, "UPDATE", "M1", merged),)
