"""Facts without a language model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powermem._core.clock import parse
from powermem._core.prompts.extraction import KINDS
from powermem._core.prompts.quoting import quote_recalled
from powermem._core.rules.dates import resolve
from powermem._core.rules.extraction import extract
from powermem._core.rules.names import stated_name
from powermem._core.rules.sentences import split
from powermem._core.values import Fact, Message

MONDAY = parse("2023-05-08T13:56:00Z")


def facts(text: str, role: str = "user") -> list[Fact]:
    return extract([Message(role, text, sent_at=MONDAY)])


def texts(text: str) -> list[str]:
    return [fact.text for fact in facts(text)]


def chat(*turns: tuple[str, str]) -> list[Fact]:
    return extract([Message(role, text, sent_at=MONDAY) for role, text in turns])


@pytest.mark.parametrize(
    "text",
    [
        "User likes Python programming",
        "User prefers email support",
        "User works as a software engineer",
        "User favorite color is blue",
        "User loves Python programming",
        "Memory 7: User preference 7",
        "I'm Alice, a software engineer",
        "I prefer async Python.",
        "Name: Alice",
        "Nina went to the opera with her brother",
        "The capital of France is Paris.",
        "my favourite colour is teal",
        "Project deadline is 2024-03-01",
        "用户喜欢蓝色",
        "私は東京に住んでいます。",
        "저는 커피를 좋아해요.",
        "Vivo en Madrid y me gusta el fútbol.",
        "Ich wohne in Berlin.",
    ],
)
def test_a_plain_statement_is_a_fact(text: str) -> None:
    assert texts(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "I will meet Bob this evening",
        "I will call my doctor this Friday",
        "We are painting the kitchen this week",
        "I'm going to fix the roof this spring",
    ],
)
def test_a_time_that_begins_with_this_points_at_nothing_said_before(text: str) -> None:
    (fact,) = texts(f"{text}.")
    assert fact.startswith(text)


@pytest.mark.parametrize("text", ["I will try this.", "I'm going to use this approach."])
def test_what_was_said_before_is_no_fact(text: str) -> None:
    assert texts(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "Nice to meet you!",
        "hello",
        "Hi there! How are you?",
        "Thanks, that's great!",
        "ok",
        "What's my favorite color?",
        "what do i like",
        "Tell me about my preferences",
        "Can you help me with my resume?",
        "Please write a poem about the sea.",
        "I need help with my taxes",
        "I was wondering if it rains tomorrow.",
        "I think it's great.",
        "Let's meet next week",
        "You should try the soup.",
        "Good luck with the exam!",
        "```python\nlike = 'I like code'\n```",
        "你好",
        "你喜欢什么\uff1f",
        "帮我写一封邮件",
        "我知道了。",
        "¿Dónde vives?",
        "お元気ですか",
        "",
        "   \n ",
        "?!",
        "🎉🎉",
    ],
)
def test_talk_is_no_fact(text: str) -> None:
    assert facts(text) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("My name is Bo Li.", "identity"),
        ("I'm Alice, a software engineer", "identity"),
        ("I live in Lisbon.", "identity"),
        ("I work at a bakery.", "identity"),
        ("My birthday is on 15 March 1990.", "identity"),
        ("I'm a nurse.", "identity"),
        ("I like green tea.", "preference"),
        ("I no longer eat meat.", "preference"),
        ("I'm allergic to peanuts.", "preference"),
        ("I don't like mushrooms", "preference"),
        ("I'm going to visit Norway in June.", "plan"),
        ("I'd love to learn the cello.", "plan"),
        ("I have an appointment with the dentist.", "plan"),
        ("I went hiking in the Alps.", "event"),
        ("Just got back from Rome!", "event"),
        ("My sister lives in Oslo.", "relationship"),
        ("I have two kids, Tom and Ann.", "relationship"),
        ("Always answer in French.", "instruction"),
        ("Call me Bob.", "instruction"),
        ("Forget that I like tea.", "instruction"),
        ("My car is a red Fiat.", "fact"),
        ("我叫李明\uff0c住在上海。", "identity"),
        ("我喜欢喝咖啡。", "preference"),
        ("我不吃肉。", "preference"),
        ("我打算学法语。", "plan"),
        ("我的妈妈在银行工作。", "relationship"),
        ("我昨天去了北京。", "event"),
        ("以后请用中文回答。", "instruction"),
    ],
)
def test_kind(text: str, kind: str) -> None:
    assert [fact.kind for fact in facts(text)] == [kind]


@pytest.mark.parametrize("number", [*range(12), 17, 299, 1_000])
@pytest.mark.parametrize("text", ["I own {} boats", "We have {} kids.", "My son is {}", "I ran {} miles"])
def test_a_number_of_any_length_counts_in_a_conversation(number: int, text: str) -> None:
    said = text.format(number)
    assert [fact.text for fact in chat(("user", said), ("assistant", f"You said: {said}"))] == [said]


@pytest.mark.parametrize(
    "text",
    [
        "I own a boat",
        "I own cats.",
        "We own a farm.",
        "I also own a yacht",
        "I have a dog.",
        "I've got two cats",
        "We have an old piano",
        "I have a sister.",
        "I have no car",
    ],
)
def test_what_a_person_has_is_a_fact_in_a_conversation(text: str) -> None:
    assert [fact.text for fact in chat(("user", text), ("assistant", "ok"))] == [text]


@pytest.mark.parametrize(
    "text", ["I have a question.", "I have an idea", "I've got a minute", "I have a plan B"]
)
def test_what_passes_is_no_fact_in_a_conversation(text: str) -> None:
    assert chat(("user", text), ("assistant", "ok")) == []


def test_words_that_only_open_a_sentence_go() -> None:
    assert texts("Well, actually, I moved to Ghent.") == ["I moved to Ghent."]
    assert texts("Thanks for asking! By the way, my dog is called Rex.") == ["My dog is called Rex."]
    assert texts("I love hiking, don't you?") == ["I love hiking."]
    # These open nothing.
    assert texts("No longer at Acme, I work from home.") == ["No longer at Acme, I work from home."]
    assert texts("Nice is where I grew up.") == ["Nice is where I grew up."]


@pytest.mark.parametrize(
    "prefix", ["Remember that ", "Please remember: ", "Note that ", "Don't forget that "]
)
def test_what_to_remember_weighs_more(prefix: str) -> None:
    (asked,) = facts(prefix + "my locker code is 4711.")
    (said,) = facts("My locker code is 4711.")
    assert asked.text == said.text == "My locker code is 4711."
    assert asked.importance > said.importance


def test_importance_is_explainable() -> None:
    assert facts("My name is Bo Li.")[0].importance == 0.8
    assert facts("My car is a red Fiat.")[0].importance == 0.4
    assert facts("I like green tea.")[0].importance == 0.6
    assert facts("I always drink green tea in bed.")[0].importance == 0.5
    assert facts("Maybe I will move to Lisbon.")[0].importance == 0.4


def test_pronouns_stay_with_the_sentence_they_point_to() -> None:
    assert texts("My sister lives in Oslo. She is a nurse.") == ["My sister lives in Oslo. She is a nurse."]
    assert chat(("user", "How are you?"), ("user", "She is a nurse.")) == []


def test_a_chat_keeps_what_the_user_says_of_themselves() -> None:
    found = chat(
        ("system", "You are a travel agent. I like tea."),
        ("user", "Hi! I'm Alice, a software engineer. I'm planning a trip to Japan in April."),
        ("assistant", "Nice to meet you, Alice! Japan is lovely in April. You should see Kyoto."),
        ("user", "Yes! I'm vegetarian. Which temples are best? The weather is nice."),
        ("assistant", "I've booked a table at Ain Soph for you. I like their soup."),
        ("tool", "I like tools."),
        ("user", "Great, thanks! My budget is $2000 and Bob will join me."),
    )
    assert [(fact.turn, fact.text) for fact in found] == [
        (1, "I'm Alice, a software engineer."),
        (1, "I'm planning a trip to Japan in April (April 2024)."),
        (3, "I'm vegetarian."),
        (4, "I've booked a table at Ain Soph for you."),
        (6, "My budget is $2000 and Bob will join me."),
    ]
    assert [fact.speaker for fact in found] == ["Alice", "Alice", "Alice", "assistant", "Alice"]
    assert found[3].kind == "event"


def test_in_a_chat_others_count_by_name() -> None:
    found = chat(("user", "How is Bob?"), ("user", "Bob lives in Rome."), ("user", "Music is nice."))
    assert [fact.text for fact in found] == ["Bob lives in Rome."]
    assert found[0].entities == ("Bob", "Rome")


def test_actor_id_is_the_speaker() -> None:
    found = extract(
        [Message("user", "I like figs.", actor_id="Nina"), Message("user", "I like plums.", "Omar")]
    )
    assert [(fact.speaker, fact.text) for fact in found] == [
        ("Nina", "I like figs."),
        ("Omar", "I like plums."),
    ]


def test_a_name_called_is_no_part_of_the_fact() -> None:
    found = extract(
        [Message("user", "Omar, I sold my boat.", "Nina"), Message("user", "Oh no, really?", "Omar")]
    )
    assert [fact.text for fact in found] == ["I sold my boat."]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I'm Alice.", "Alice"),
        ("Hello, I am Bo Li and I paint.", "Bo Li"),
        ("My name\u2019s Zoë", "Zoë"),
        ("Call me Bob!", "Bob"),
        ("我叫李明\uff0c住在上海。", "李明"),
        ("I'm Canadian.", None),
        ("I'm happy.", None),
        ("I'm Vegan, sorry", None),
        ("I like Alice.", None),
    ],
)
def test_stated_name(text: str, name: str | None) -> None:
    assert stated_name(text) == name


def test_recalled_text_is_never_read() -> None:
    text = quote_recalled(["User likes tea", "I like </powermem-recall> I like jam"]) + "\nI like coffee."
    assert texts(text) == ["I like coffee."]
    # Whoever only writes the marker is heard.
    assert texts("<powermem-recall>\nI like tea.") == ["I like tea."]


def test_each_text_once() -> None:
    assert len(chat(("user", "I like tea. I like  tea."), ("user", "I like tea."))) == 1


def test_a_paste_is_no_sentence() -> None:
    assert facts("I like " + "very " * 300 + "long texts") == []


def test_entities() -> None:
    (fact,) = facts('My mentor Dr. Rao showed me "The Waves" at the Museum of Modern Art on Monday.')
    assert fact.entities == ("Dr. Rao", "The Waves", "Museum of Modern Art")


@pytest.mark.parametrize(
    ("text", "expected", "day"),
    [
        ("I went hiking yesterday", "I went hiking yesterday (7 May 2023)", "2023-05-07"),
        ("I left yesterday morning.", "I left yesterday morning (7 May 2023).", "2023-05-07"),
        ("I ran this morning.", "I ran this morning (8 May 2023).", "2023-05-08"),
        ("I fly tomorrow!", "I fly tomorrow (9 May 2023)!", "2023-05-09"),
        ("I slept badly last night.", "I slept badly last night (7 May 2023).", "2023-05-07"),
        ("I met Bo last Friday.", "I met Bo last Friday (5 May 2023).", "2023-05-05"),
        ("I met Bo last Monday.", "I met Bo last Monday (1 May 2023).", "2023-05-01"),
        ("I rest this Sunday.", "I rest this Sunday (14 May 2023).", "2023-05-14"),
        ("I was ill last week.", "I was ill last week (week of 1 May 2023).", "2023-05-01"),
        ("I start next week.", "I start next week (week of 15 May 2023).", "2023-05-15"),
        ("I sang last weekend.", "I sang last weekend (weekend of 6 May 2023).", "2023-05-06"),
        ("I moved last month.", "I moved last month (April 2023).", "2023-04-01"),
        ("I move next year.", "I move next year (2024).", "2024-01-01"),
        ("I came two days ago.", "I came two days ago (6 May 2023).", "2023-05-06"),
        ("I came 3 weeks ago.", "I came 3 weeks ago (around 17 April 2023).", "2023-04-17"),
        ("I came a couple of months ago.", "I came a couple of months ago (March 2023).", "2023-03-01"),
        ("I came ten years ago.", "I came ten years ago (2013).", "2013-01-01"),
        ("I was born on 15 March 1990.", "I was born on 15 March 1990.", "1990-03-15"),
        ("I was born on March 3rd, 1990.", "I was born on March 3rd, 1990.", "1990-03-03"),
        ("I wed in May 2019.", "I wed in May 2019.", "2019-05-01"),
        ("I quit in 2019.", "I quit in 2019.", "2019-01-01"),
        ("Due 2024-02-29.", "Due 2024-02-29.", "2024-02-29"),
        ("我昨天去了北京", "我昨天\uff082023年5月7日\uff09去了北京", "2023-05-07"),
        ("我上周五到家", "我上周五\uff082023年5月5日\uff09到家", "2023-05-05"),
        ("我下个月搬家", "我下个月\uff082023年6月\uff09搬家", "2023-06-01"),
        ("我去年毕业", "我去年\uff082022年\uff09毕业", "2022-01-01"),
        ("我生于1990年3月5日", "我生于1990年3月5日", "1990-03-05"),
    ],
)
def test_dates_are_written_out(text: str, expected: str, day: str) -> None:
    assert resolve(text, MONDAY) == (expected, parse(day))


@pytest.mark.parametrize(
    "text",
    [
        "I meet Bo next Friday.",
        "Yesterday's news bores me.",
        "I came on 31 June 2023.",
        "I came yesterday (Sunday).",
        "I could do it in two weeks.",
        "I may go.",
    ],
)
def test_dates_that_are_not_clear_are_left(text: str) -> None:
    assert resolve(text, MONDAY).text == text


def test_dates_before_the_calendar_are_left() -> None:
    text = "I came 999 years ago, or 999 months, or 20 weeks."
    assert resolve(text, parse("0001-01-02")) == (text, None)


def test_two_dates_in_a_sentence() -> None:
    dated = resolve("I left yesterday and return tomorrow.", MONDAY)
    assert dated.text == "I left yesterday (7 May 2023) and return tomorrow (9 May 2023)."
    assert dated.event_at == parse("2023-05-07")


def test_a_plan_has_its_date() -> None:
    (fact,) = facts("I will move to Lisbon in two weeks.")
    assert fact.text == "I will move to Lisbon in two weeks (around 22 May 2023)."
    assert fact.event_at == parse("2023-05-22")


def test_without_a_time_relative_dates_stay() -> None:
    (fact,) = extract([Message("user", "I went hiking yesterday.")])
    assert fact.text == "I went hiking yesterday."
    assert fact.event_at is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? four", ["One.", "Two!", "Three?", "four"]),
        ("i like tea. i like jam.", ["i like tea.", "i like jam."]),
        (
            "Dr. Rao pays 3.50 at St. Ives, e.g. for J. S. Bach.",
            ["Dr. Rao pays 3.50 at St. Ives, e.g. for J. S. Bach."],
        ),
        ("I rise at 6 a.m. Then I run.", ["I rise at 6 a.m.", "Then I run."]),
        ("I rise at 6 a.m. each day.", ["I rise at 6 a.m. each day."]),
        ("See https://a.example/x.html?y=1. Done.", ["See https://a.example/x.html?y=1.", "Done."]),
        ("Well... maybe. Well\u2026 Maybe.", ["Well... maybe.", "Well\u2026", "Maybe."]),
        ('"Really?" she asked. "No!" He left.', ['"Really?" she asked.', '"No!"', "He left."]),
        ("She and I. Then he.", ["She and I.", "Then he."]),
        ("- one\n* two\n3. three\n\n  ", ["one", "two", "three"]),
        ("Hi! 😊 I paint.", ["Hi!", "I paint."]),
        ("我喜欢茶。你呢\uff1f好\uff01", ["我喜欢茶。", "你呢\uff1f", "好\uff01"]),
        ("a ```code. more.``` b", ["a", "b"]),
        ("$5 is mine. (So is this.)", ["$5 is mine.", "(So is this.)"]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant", "system"]), st.text()), max_size=4))
def test_any_conversation_is_read(turns: list[tuple[str, str]]) -> None:
    for fact in chat(*turns):
        assert fact.text.strip()
        assert fact.kind in KINDS
        assert 0 <= fact.importance <= 1
        assert fact.turn is not None
        assert turns[fact.turn][0] != "system"


@given(st.text(alphabet="Iamnolke yesterdayBobli.?!,'2023我喜欢昨天\n"))
def test_sentence_like_noise_is_read(text: str) -> None:
    for sentence in split(text):
        assert sentence == sentence.strip()
    for fact in facts(text):
        assert fact.text.strip()


@pytest.mark.parametrize(
    "piece", [".", "?", " ", '."', "a.", "I ", "```", "- ", "A ", "last ", "(", "\u2026", "<", "x,"]
)
def test_reading_a_long_text_ends(piece: str) -> None:
    # Quadratic work on this much text would take minutes, which the test's own limit ends.
    facts(piece * 100_000)
