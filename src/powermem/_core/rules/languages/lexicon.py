"""What the rules must know of a language: words for the speaker, for questions, moods and kinds of facts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ...patterns import Pattern
from ..sentences import phrases

_NOTHING = Pattern(r"(?!)")


@dataclass(frozen=True, repr=False)
class Lexicon:
    """The words of one language. All are alternatives for `phrases`; empty ones match nothing.

    Patterns marked (start) are looked for at the beginning of a sentence, others anywhere in it.

    Attributes:
        code: of ISO 639.
        stop_words: names of the languages whose function words are evidence of this one; see
            `text.languages`.
        first: what makes a sentence one about its speaker: pronouns, possessives, verbs in the first person.
        people: what is said of a person by name: "wohnt", "works at".
        continues: (start) a pronoun for whom the previous sentence is about.
        question: what makes a sentence a question without a question mark.
        command: (start) requests, wherever they are not for good.
        talk: (start) greetings, thanks and reactions.
        unreal: what is not so: conditions against the facts and wishes.
        joke: takes back what was said before.
        topic: divides what a sentence is about from what it says of it, where a particle or "is" tells.
        opener: (start) words that add nothing; they are dropped.
        correction: (start) words that announce a correction of what was said before; they are dropped too.
        remember: (start) asks for what follows to be remembered.
        remembered: the same, wherever it stands in the sentence, which stays as it is.
        instruction: (start) how to answer from now on.
        deed: what an assistant says that it did, or how a matter of the user stands.
        paste: (start) asks to work on the text that follows.
        identity, plan, preference, relationship, event: what makes a fact one of this kind.
        before: a pattern in front of each alternative, where words are divided by spaces.
        after: the same behind it.
        spaces: whether words are divided by spaces.
    """

    code: str
    first: str
    stop_words: tuple[str, ...] = ()
    people: str = ""
    continues: str = ""
    question: str = ""
    command: str = ""
    talk: str = ""
    unreal: str = ""
    joke: str = ""
    topic: str = ""
    opener: str = ""
    correction: str = ""
    remember: str = ""
    remembered: str = ""
    instruction: str = ""
    deed: str = ""
    paste: str = ""
    identity: str = ""
    plan: str = ""
    preference: str = ""
    relationship: str = ""
    event: str = ""
    before: str = r"(?<!\w)"
    after: str = r"(?!\w)"
    spaces: bool = True

    def _anywhere(self, text: str) -> Pattern:
        return phrases(text, before=self.before, after=self.after) if text else _NOTHING

    def _start(self, text: str) -> Pattern:
        return phrases(text, after=self.after) if text else _NOTHING

    def _stripped(self, text: str) -> Pattern:
        """Match at the start, with the punctuation behind it."""
        return (
            phrases(
                text, after=rf"{self.after}[\s,.!:;\u2026\uff0c\u3001\u3002\uff01\uff1a\u060c\u2014\u2013-]*"
            )
            if text
            else _NOTHING
        )

    @cached_property
    def is_first(self) -> Pattern:
        return self._anywhere(self.first)

    def understood(self, sentence: str) -> int:
        """Return how many of these patterns find something in a sentence."""
        return sum(
            pattern.search(sentence) is not None
            for pattern in (
                self.is_first,
                self.is_talk,
                self.is_instruction,
                self.is_joke,
                self.is_command,
                self.is_question,
            )
        )

    @cached_property
    def is_of_people(self) -> Pattern:
        return self._anywhere(self.people)

    @cached_property
    def is_continuing(self) -> Pattern:
        return self._start(self.continues)

    @cached_property
    def is_question(self) -> Pattern:
        return phrases(self.question, after="") if self.question else _NOTHING

    @cached_property
    def is_command(self) -> Pattern:
        return self._start(self.command)

    @cached_property
    def is_talk(self) -> Pattern:
        return self._start(self.talk)

    @cached_property
    def is_unreal(self) -> Pattern:
        return self._anywhere(self.unreal)

    @cached_property
    def is_joke(self) -> Pattern:
        return self._anywhere(self.joke)

    @cached_property
    def divides(self) -> Pattern:
        return phrases(self.topic, after="") if self.topic else _NOTHING

    @cached_property
    def opens(self) -> Pattern:
        return self._stripped(self.opener)

    @cached_property
    def corrects(self) -> Pattern:
        return self._stripped(self.correction)

    @cached_property
    def asks_to_remember(self) -> Pattern:
        return self._stripped(self.remember)

    @cached_property
    def is_remembered(self) -> Pattern:
        return self._anywhere(self.remembered)

    @cached_property
    def is_instruction(self) -> Pattern:
        return self._start(self.instruction)

    @cached_property
    def is_deed(self) -> Pattern:
        return self._anywhere(self.deed)

    @cached_property
    def opens_paste(self) -> Pattern:
        return phrases(self.paste, after="") if self.paste else _NOTHING

    @cached_property
    def kinds(self) -> tuple[tuple[str, Pattern], ...]:
        """The kinds of facts with their patterns, the most telling first."""
        return (
            ("identity", self._anywhere(self.identity)),
            ("plan", self._anywhere(self.plan)),
            ("preference", self._anywhere(self.preference)),
            ("relationship", self._anywhere(self.relationship)),
            ("event", self._anywhere(self.event)),
        )
