"""Methods written once: `ask` and `each` turn a plan into a method of the client that waits and of the one that awaits.

A group of methods is generic in its driver. `Timelines[BlockingDriver].get` returns the facts, and
`Timelines[AwaitedDriver].get` a coroutine of them, with the parameters of the one plan; mypy and editors know both.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from exposure.client.core import Core
from exposure.client.drivers import AwaitedDriver, BlockingDriver
from exposure.client.exchanges import Plan

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D", bound=BlockingDriver | AwaitedDriver)


class Group(Generic[D]):
    """Methods that ask one service, by way of one driver."""

    def __init__(self, core: Core, driver: D) -> None:
        self._core = core
        self._driver: D = driver


class ask(Generic[P, T]):  # noqa: N801
    """A method that returns what its plan returns."""

    def __init__(self, plan: Callable[Concatenate[Any, P], Plan[T]]) -> None:
        @functools.wraps(plan)
        def method(group: Group[Any], /, *arguments: P.args, **named: P.kwargs) -> Any:
            return group._driver.run(plan(group, *arguments, **named))

        self.__doc__ = plan.__doc__
        self.plan = plan
        self._method = method

    @overload
    def __get__(self, group: Group[BlockingDriver], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, group: Group[AwaitedDriver], owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, group: None, owner: type) -> ask[P, T]: ...
    def __get__(self, group: Any, owner: type) -> Any:
        """The method of one group; of the class, this."""
        return self if group is None else MethodType(self._method, group)


class each(Generic[P, T]):  # noqa: N801
    """A method that iterates over what its plan emits."""

    def __init__(self, plan: Callable[Concatenate[Any, P], Plan[None]], emitted: type[T]) -> None:
        @functools.wraps(plan)
        def method(group: Group[Any], /, *arguments: P.args, **named: P.kwargs) -> Any:
            return group._driver.each(plan(group, *arguments, **named))

        self.__doc__ = plan.__doc__
        self.plan = plan
        self.emitted = emitted
        self._method = method

    @classmethod
    def of(cls, emitted: type[T]) -> Callable[[Callable[Concatenate[Any, P], Plan[None]]], each[P, T]]:
        """The decorator for plans that emit `emitted`."""
        return lambda plan: each(plan, emitted)

    @overload
    def __get__(self, group: Group[BlockingDriver], owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, group: Group[AwaitedDriver], owner: type) -> Callable[P, AsyncIterator[T]]: ...
    @overload
    def __get__(self, group: None, owner: type) -> each[P, T]: ...
    def __get__(self, group: Any, owner: type) -> Any:
        """The method of one group; of the class, this."""
        return self if group is None else MethodType(self._method, group)
