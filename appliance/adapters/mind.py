"""Answers: the library's own words at once, and what a model may add to them.

Law 2: a model's sentence passes only if the passages that it cites stand in this room's own
edition and support it, whoever checked it before, and however long ago it was made.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from appliance.adapters.shelf import Shelf
from appliance.rules import phrases
from appliance.rules.commands import Command
from appliance.rules.compose import adds_something, evidence, speaking_seconds, worth_composing
from appliance.rules.route import Declined, Doubtful, Hub, Order, Refuse, Room, Route
from appliance.stages import HubLink
from voiceassist.contract.knowledge import Passage, Sentence, Source
from voiceassist.contract.verdict import Cleared
from voiceassist.contract.wire import EscalationReply
from voiceassist.engines.ports import Generator, Prompt, Speed
from voiceassist.knowledge.answers.answer import (
    NOTHING_FOUND,
    Answer,
    answer,
    compose_prompt,
    read_out,
    supported,
)
from voiceassist.knowledge.answers.cache import AnswerCache, Scope
from voiceassist.knowledge.answers.prompting import NOTHING
from voiceassist.knowledge.text.sentences import sentences as split_sentences

log = logging.getLogger(__name__)

_SENTENCES = 5  # that a model is given, and that "more" goes through
_MORE_AT_ONCE = 2
_HUB_S = 12.0


class NoHub:
    """A room without a hub."""

    async def escalate(self, query: Cleared, turn_id: str) -> EscalationReply | None:
        """Nobody to ask."""
        del query, turn_id
        return None


@dataclass(slots=True)
class _Memory:
    """What "repeat" and "more" go back to."""

    query: str = field(default="", repr=False)
    passages: Sequence[Passage] = field(default=(), repr=False)
    last: Answer | None = field(default=None, repr=False)
    told: tuple[Source, ...] = field(default=(), repr=False)

    def add(self, composed: Sequence[Sentence]) -> None:
        """What a model added is part of the answer."""
        before = self.last.sentences if self.last else ()
        sources = [*(self.last.sources if self.last else ())]
        sources += [source for one in composed for source in one.sources]
        spoken = (*before, *composed)
        self.last = Answer(found=True, sentences=spoken, sources=tuple(dict.fromkeys(sources)))


class Mind:
    """Answers of one room."""

    def __init__(
        self,
        shelf: Shelf,
        hub: HubLink,
        generator: Generator | None = None,
        cache: AnswerCache | None = None,
        policy: str = "",
    ) -> None:
        """`policy` names what the room may do, so that no answer outlives a change of it."""
        self._shelf = shelf
        self._hub = hub
        self._generator = generator
        self._cache = cache
        self._policy = policy
        self._speed = Speed(prompt=0.0, generation=0.0)
        self._memory = _Memory()
        self.composes = True
        """Whether the room's own model is asked; not where the box is strained."""

    def expect(self, speed: Speed) -> None:
        """What the generator was measured to do here; before, it is taken to be too slow."""
        self._speed = speed

    def close(self) -> None:
        """Close what is kept."""
        if self._cache is not None:
            self._cache.close()

    def answer(self, route: Route, passages: Sequence[Passage]) -> Answer:
        """The library's own words, or one of the room's fixed phrases."""
        match route:
            case Order(command):
                return self._obey(command)
            case Refuse() | Declined() | Doubtful():
                return _unanswered(route)
            case Hub(why="generalised" | "asked"):  # the turn before has quoted the library on it
                return _notice(phrases.ASKING)
            case Room() | Hub():
                if not self._shelf.version:
                    return _notice(phrases.NO_LIBRARY)
                found = answer(route.query, passages)
                self._memory = _Memory(route.query, passages, found, found.sources)
                alone = isinstance(self._hub, NoHub)  # there is nobody to come back
                return found if found.found or alone else _and_now(found, route)

    async def compose(self, route: Route, answer: Answer, turn_id: str) -> Sequence[Sentence]:
        """What a model adds to `answer`, checked; nothing where it has nothing to add."""
        cleared = route.cleared if isinstance(route, Hub | Room) else None
        scope = self._shelf.scope(self._policy)
        stands = await self._kept(cleared, scope)
        if not stands:
            stands = [one for one in await self._made(route, answer, turn_id) if self._stands(one)]
            await self._keep(cleared, scope, stands)
        said = self._said(route, answer)
        added = [one for one in stands if adds_something(one.text, said)]
        if added and isinstance(route, Hub | Room):
            self.remember(added)
        return added

    def remember(self, composed: Sequence[Sentence]) -> None:
        """What a model added is part of the answer that "repeat" goes back to."""
        self._memory.add(composed)

    async def _made(self, route: Route, answer: Answer, turn_id: str) -> Sequence[Sentence]:
        match route:
            case Hub(cleared):
                return await self._ask_hub(cleared, turn_id)
            case Room() if answer.found:
                return await self._ask_room(route.query, answer)
            case _:
                return ()

    async def _kept(self, query: Cleared | None, scope: Scope | None) -> Sequence[Sentence]:
        """What was made of the same question before, where the edition still supports all of it."""
        if self._cache is None or query is None or scope is None:
            return ()
        kept = await asyncio.to_thread(self._cache.look_up, query, scope)
        return kept if all(self._stands(one) for one in kept) else ()

    async def _keep(
        self, query: Cleared | None, scope: Scope | None, made: Sequence[Sentence]
    ) -> None:
        if self._cache is not None and query is not None and scope is not None and made:
            await asyncio.to_thread(self._cache.put, query, scope, made)

    def _said(self, route: Route, answer: Answer) -> Sequence[Sentence]:
        """What was said on the question: of a generalised one, in the turn before."""
        before = self._memory.last if route.why in {"generalised", "asked"} else None
        return (*before.sentences, *answer.sentences) if before else answer.sentences

    def _stands(self, sentence: Sentence) -> bool:
        known = [source for source in sentence.sources if self._shelf.holds(source)]
        return supported(sentence.text, known)

    async def _ask_hub(self, query: Cleared, turn_id: str) -> list[Sentence]:
        try:
            reply = await asyncio.wait_for(self._hub.escalate(query, turn_id), _HUB_S)
        except Exception as error:  # noqa: BLE001 - the room works alone, whatever the link does (law 4)
            log.warning("the hub was no help: %s", type(error).__name__, extra={"turn": turn_id})
            return []
        if reply is None or reply.turn_id != turn_id:
            return []
        return [
            Sentence(text=one.text, kind="composed", sources=one.sources or reply.sources)
            for one in reply.sentences
            if one.kind == "composed"
        ]

    async def _ask_room(self, query: str, said: Answer) -> list[Sentence]:
        if self._generator is None or not self.composes:
            return []
        sources = evidence(query, self._memory.passages, _SENTENCES)
        prompt = compose_prompt(query, sources)
        tokens = self._generator.count_tokens(prompt.system + prompt.user)
        if not worth_composing(self._speed, tokens, speaking_seconds(said.sentences)):
            return []
        text = await asyncio.to_thread(_generate, self._generator, prompt)
        if NOTHING in text:
            return []
        return [
            Sentence(text=" ".join(text[s.start : s.end].split()), kind="composed", sources=sources)
            for s in split_sentences(text)
        ]

    def _obey(self, command: Command) -> Answer:
        if command is Command.STOP:
            return Answer(found=False, sentences=(), sources=())
        if command not in {Command.REPEAT, Command.SOURCE, Command.MORE}:
            return _notice(phrases.ADJUSTED)
        last = self._memory.last
        if last is None:
            return _notice(phrases.NOTHING_SAID)
        if command is Command.REPEAT:
            return last
        if command is Command.SOURCE:
            return _cite(last.sources) if last.found else _notice(phrases.NO_SOURCE)
        return self._more() if last.found else self._read_out(last.nearest)

    def _read_out(self, nearest: Passage | None) -> Answer:
        """What was only named, now that it was asked for."""
        if nearest is None:
            return _notice(NOTHING_FOUND)
        said = read_out(self._memory.query, nearest)
        if not all(self._shelf.holds(source) for source in said.sources):
            return _notice(phrases.CHANGED)
        self._memory.last, self._memory.told = said, said.sources
        return said

    def _more(self) -> Answer:
        wide = evidence(self._memory.query, self._memory.passages, _SENTENCES)
        told = {source.quote for source in self._memory.told}
        new = tuple(source for source in wide if source.quote not in told)[:_MORE_AT_ONCE]
        if not all(self._shelf.holds(source) for source in new):
            return _notice(phrases.CHANGED)
        if not new:
            return _notice(phrases.NO_MORE)
        quotes = tuple(
            Sentence(text=" ".join(one.quote.split()), kind="quote", sources=(one,)) for one in new
        )
        more = Answer(found=True, sentences=quotes, sources=new)
        self._memory.last, self._memory.told = more, (*self._memory.told, *new)
        return more


def _generate(generator: Generator, prompt: Prompt) -> str:
    return "".join(generator.generate(prompt))


def _and_now(nothing: Answer, route: Room | Hub) -> Answer:
    """What becomes of a question that the library has nothing on, where it may leave the room."""
    match route:
        case Hub():
            said = phrases.ASKING
        case Room(why="offline"):
            said = phrases.ASK_LATER
        case _:
            return nothing
    return replace(nothing, sentences=(*nothing.sentences, *_notice(said).sentences))


def _unanswered(route: Refuse | Declined | Doubtful) -> Answer:
    """What is said where no question is answered."""
    match route:
        case Refuse():
            return _notice(phrases.NOT_HEARD)
        case Declined(why):
            return _notice(phrases.ADJUSTED if why == "declined" else phrases.NOT_ASKED)
        case Doubtful(doubt):
            return Answer(found=False, sentences=(doubt.asks,), sources=())


def _cite(sources: Sequence[Source]) -> Answer:
    first = {source.document: source for source in reversed(sources)}
    documents = [first[name] for name in dict.fromkeys(source.document for source in sources)]
    named = (
        f"{one.title.rstrip(' .:?')}{f', {one.place}' if one.place else ''}, version {one.version}"
        for one in documents
    )
    text = f"That was from {'; and from '.join(named)}."
    lead = Sentence(text=text, kind="lead", sources=tuple(documents))
    return Answer(found=True, sentences=(lead,), sources=tuple(documents))


def _notice(text: str) -> Answer:
    return Answer(found=False, sentences=(Sentence(text=text, kind="notice"),), sources=())
