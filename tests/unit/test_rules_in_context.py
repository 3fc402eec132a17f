"""What rules make of a sentence together with those before it, and of the mood that it is in."""

from __future__ import annotations

from pathlib import Path

import pytest

from powermem._core.clock import parse
from powermem._core.evaluation.labelled import Kept, Tally, judge, read_labelled
from powermem._core.rules.extraction import extract
from powermem._core.rules.questions_and_answers import restate
from powermem._core.values import Fact, Message

MONDAY = parse("2023-05-08T13:56:00Z")
SETS = Path(__file__).parent.parent / "data" / "extraction"


def said(*turns: str) -> list[Fact]:
    """Read turns such as ``"a: Where do you live?"``; "a" is the assistant and "u" the user."""
    messages = []
    for turn in turns:
        who, text = turn.split(": ", 1)
        name = None if who in ("a", "u") else who
        role = "assistant" if who == "a" else "user"
        messages.append(Message(role, text, actor_id=name, sent_at=MONDAY))
    return extract(messages)


def texts(*turns: str) -> list[str]:
    return [fact.text for fact in said(*turns)]


@pytest.mark.parametrize(
    ("name", "half", "recall", "junk"),
    [
        ("english", 0, 0.95, 0.05),
        ("english", 1, 0.95, 0.05),
        ("english_2", 0, 0.9, 0.05),
        ("english_2", 1, 0.9, 0.05),
        ("english_held_out", 0, 0.9, 0.05),
        ("english_held_out", 1, 0.9, 0.05),
        ("mixed", 0, 0.9, 0.05),
        ("mixed", 1, 0.9, 0.05),
    ],
)
def test_labelled_conversations(name: str, half: int, recall: float, junk: float) -> None:
    path = SETS / f"{name}.jsonl"
    found = read_labelled(path.read_text("utf-8").splitlines(), source=path.name)
    total = Tally()
    for conversation in found[half::2]:
        kept = [Kept(fact.text, fact.speaker, fact.event_at) for fact in extract(conversation.messages)]
        total += judge(conversation, kept)
    assert total.recall >= recall, total.missed
    assert total.junk_share <= junk, total.needless


@pytest.mark.parametrize(
    ("question", "answer", "fact"),
    [
        ("Do you have allergies?", "Yes, shellfish.", "I have allergies: shellfish."),
        ("Do you have any allergies?", "Peanuts and soy", "I have allergies: Peanuts and soy."),
        ("Any food allergies?", "No.", "I have no food allergies."),
        ("Great! And where do you live?", "Porto", "I live in Porto."),
        ("Where did you grow up?", "In a village near Ghent.", "I grew up in a village near Ghent."),
        ("How old are you?", "36", "I'm 36."),
        ("Do you smoke?", "No, I don't.", "I don't smoke."),
        ("What do you do for a living?", "Beekeeper.", "My job: Beekeeper."),
        ("Do you have kids?", "Yes, I have two.", "I have two kids."),
        ("How long have you lived in Rome?", "Ten years.", "I have lived in Rome for ten years."),
        ("Are you vegetarian?", "Yes", "I'm vegetarian."),
        ("are you married?", "nope", "I'm not married."),
        ("Have you tried reinstalling?", "Yes, twice.", "I have tried reinstalling: twice."),
        ("What's your favourite colour?", "Teal", "My favourite colour is Teal."),
        ("When is your birthday?", "May 3rd", "My birthday is May 3rd."),
        ("How old is your daughter?", "She's seven.", "My daughter's seven."),
        ("What does your brother do?", "Plumber.", "My brother's job: Plumber."),
        ("Where does your sister live?", "Oslo", "My sister lives in Oslo."),
        ("Which phone do you use?", "Pixel 8", "The phone I use: Pixel 8."),
        ("What's the order number?", "44721", "The order number is 44721."),
        ("Where's your office?", "It's in Rome.", "My office's in Rome."),
        ("What are you working on?", "A novel about bees.", "I'm working on a novel about bees."),
        ("Do you prefer tea or coffee?", "Coffee", "I prefer coffee."),
        ("Why did you move to Porto?", "For work.", "I moved to Porto for work."),
        ("Does Dana still live in Rome?", "No, she moved to Lisbon.", "Dana moved to Lisbon."),
        ("Is your sister a nurse?", "Yes", "My sister is a nurse."),
        ("Who do you live with?", "My sister", "I live with my sister."),
        ("Your name?", "Ana", "My name: Ana."),
        ("Do you drive?", "No, I take the bus.", "I don't drive: I take the bus."),
        ("Did you study in Bonn?", "Yes.", "I studied in Bonn."),
    ],
)
def test_an_answer_is_joined_with_its_question(question: str, answer: str, fact: str) -> None:
    (found,) = said(f"a: {question}", f"u: {answer}")
    assert (found.text, found.turn, found.second_turn) == (fact, 1, 0)
    # Between people too, in the name of the one who answers.
    (found,) = said(f"Mia: {question}", f"Tom: {answer}")
    assert (found.text, found.speaker) == (fact, "Tom")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Do you want me to continue?", "Yes"),
        ("Would you like some more examples?", "Yes please"),
        ("Do you have any questions?", "No"),
        ("Does that make sense?", "Yes, thanks."),
        ("Do you like it?", "Yes!"),
        ("Which breed?", "no idea haha"),
        ("Where do you want to go?", "not sure"),
        ("How are you?", "Good, thanks"),
        ("What do you think?", "Nice."),
        ("Is there anything else?", "No, that's all."),
        ("What would you like to know?", "The weather"),
    ],
)
def test_talk_is_no_answer(question: str, answer: str) -> None:
    assert texts(f"a: {question}", f"u: {answer}") == []


def test_a_full_answer_needs_no_question() -> None:
    assert restate("What happened?", ["My boss quit."]) is None
    assert restate("Where do you live?", ["I live in Rome."]) is None
    assert restate("Where do you live?", ["Why do you ask?"]) is None


@pytest.mark.parametrize(
    ("turns", "kept"),
    [
        (("u: My flight is on Monday at 9.", "a: Ok.", "u: Sorry, I meant Tuesday."), ["on Tuesday"]),
        (("u: I'm 34.", "a: So born in 1989?", "u: No, I'm 36."), ["I'm 36"]),
        (("u: We have two cats", "u: oops, three cats"), ["We have three cats"]),
        (("u: My sister is a lawyer. Wait no, she's a notary.",), ["My sister's a notary"]),
        (("u: The meeting is in room 12. Correction: room 14.", "a: Ok."), ["in room 14"]),
        (("u: My budget is 500 euros.", "a: Ok.", "u: make that 650"), ["is 650 euros"]),
        (("u: I live in Austin.", "a: Ok.", "u: Wait, no: I lived in Austin, I moved to Boise."), ["Boise"]),
        (("u: I work at Bosch.", "a: Ok.", "u: Scratch that."), []),
        (("u: I have 14 wives.", "u: Just kidding!"), []),
        (("u: I like tea.", "a: Ok.", "u: No, thanks."), ["I like tea"]),
        (("u: I have a dog.", "a: Ok.", "u: No, I have never been to Rome."), ["a dog", "Rome"]),
    ],
)
def test_a_correction_replaces_what_it_corrects(turns: tuple[str, ...], kept: list[str]) -> None:
    found = texts(*turns)
    assert len(found) == len(kept), found
    assert all(part in text for part, text in zip(kept, found, strict=True)), found


@pytest.mark.parametrize(
    "text",
    [
        "If I won the lottery I would buy a castle in Scotland.",
        "I'd buy an island if I were rich.",
        "Suppose I had a dog, what would it cost per month?",
        "Imagine I lived in a castle with my ten dogs.",
        "I wish I could play the violin.",
        "Let's say I earn 80k in Berlin.",
        "I could eat a horse.",
        "I've told you a million times that I hate this song.",
        "I'm dying of laughter, my friends are so silly.",
        "Yeah right, I just love my three bosses.",
        "I'm the queen of England.",
        "I have 14 wives, just kidding.",
        '"I was born in a small town and I will die there."',
        "Translate into Spanish: I have two brothers and I work in a bank.",
        "Proofread this: 'My name is John and I am from Texas.'",
        "Let's role-play: I'm a knight and I live in the castle.",
        "Write a poem about a man. He is called Rob and my dog hates him.",
        "Dana moved to Lisbon, right?",
        "Traceback (most recent call last):\nKeyError: 'my user has no name'",
        "const mine = 'I like tea';",
    ],
)
def test_what_is_not_meant_is_no_fact(text: str) -> None:
    assert texts(f"u: {text}", "a: Ok.") == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("I moved to Rome in May, can you suggest a gym?", "I moved to Rome in May."),
        (
            "I've saved 4,000 euros for a motorbike but I'm not sure what to buy",
            "I've saved 4,000 euros for a motorbike.",
        ),
        ("We're marrying in Siena, what are some good venues?", "We're marrying in Siena."),
        ("im 34", "im 34"),
        ("i dont have a car", "i dont have a car"),
        ("I run.", "I run."),
        ("ive got asthma", "ive got asthma"),
        ("I can't swim.", "I can't swim."),
        ("We don't have kids.", "We don't have kids."),
        ("Dana is moving to Lisbon.", "Dana is moving to Lisbon."),
        ("The API key is stored in Vault.", "The API key is stored in Vault."),
        ("Python is pinned at 3.10.", "Python is pinned at 3.10."),
        ("Production runs on Postgres 15", "Production runs on Postgres 15"),
        ("Tests run with `pnpm vitest`.", "Tests run with `pnpm vitest`."),
        ("let's go with Postgres instead of Mongo", "Let's go with Postgres instead of Mongo"),
        ("Don't use emojis in your answers.", "Don't use emojis in your answers."),
        ("no bullet points please", "no bullet points please"),
        ("If I ask for a recipe, give me metric units.", "If I ask for a recipe, give me metric units."),
        (
            "Here's my config:\n```\nport = 1\n```\nI use nginx in front of it all.",
            "I use nginx in front of it all.",
        ),
        ("Seriously, I live in Windsor.", "Seriously, I live in Windsor."),
    ],
)
def test_what_is_told_is_kept(text: str, kept: str) -> None:
    assert [one.casefold() for one in texts(f"u: {text}", "a: Ok.")] == [kept.casefold()]


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ("Done: I booked a table for two at Nonna's.", True),
        ("Your table is booked for 8 pm.", True),
        ("I've fixed the bug in parse_range().", True),
        ("Sure! I created the repo acme-web.", True),
        ("Your ferritin is 12, which is low.", True),
        ("The refund has been issued to your card.", True),
        ("I recommend Atomic Habits by James Clear.", True),
        ("Your dough should double in size.", False),
        ("I've added an example below.", False),
        ("You can book a table online.", False),
        ("The parent is set to display: flex.", False),
        ("Your best option is the 9:40 train.", False),
        ("I understand.", False),
    ],
)
def test_the_assistant_is_heard_for_what_it_did(reply: str, kept: bool) -> None:
    found = said("u: Thanks!", f"a: {reply}")
    assert [fact.speaker for fact in found] == (["assistant"] if kept else [])


@pytest.mark.parametrize(
    "text",
    [
        "I'm asking because I'm curious.",
        "I'm not sure I understand.",
        "I'd love to hear another one.",
        "I'll follow your advice.",
        "I think your answer is wrong.",
        "I want to make sure I get it right.",
        "Here's what I have so far:",
        "Life is so busy that we overlook the small things.",
        "Trips create awesome memories that we can share.",
        "I'll send you a video of it.",
        "I have a question about taxes.",
    ],
)
def test_talk_about_the_talk_is_no_fact(text: str) -> None:
    assert texts(f"u: {text}", "a: Ok.") == []


def test_what_is_said_of_a_person_stays_with_their_name() -> None:
    assert texts("u: Dana is moving to Lisbon.", "a: Good for her!", "u: She got a job at a bank.") == [
        "Dana is moving to Lisbon. She got a job at a bank."
    ]
    assert texts("u: I bought a bike. It's a red Canyon. It's great fun.", "a: Nice.") == [
        "I bought a bike. It's a red Canyon."
    ]


def test_a_role_that_is_played_ends() -> None:
    assert texts(
        "u: Let's role-play. I'm a knight.", "u: I own a magic sword.", "u: Ok, stop.", "u: I own a boat."
    ) == ["I own a boat."]


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "wait no ",
            "so do you ",
            "if i ",
            ", can you ",
            "my a ",
            "your ",
            '"',
            "**",
            "**a:**",
            "it and ",
            "= ",
        ),
        *("here's my code: ", "A b "),
    ],
)
def test_reading_long_turns_ends(piece: str) -> None:
    # Quadratic work on this much text would take minutes, which the test's own limit ends.
    long = piece * (100_000 // len(piece))
    said(f"a: {long}?", f"u: {long}", f"u: No, {long[:900]}", f"a: {long[:900]}?", f"u: {long[:200]}")
