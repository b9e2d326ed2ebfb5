"""From a request's bytes to its reply's bytes, by way of one method of the application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from node.abci.application import Application
from node.abci.errors import (
    ApplicationFailedError,
    UndecodableRequestError,
    UnknownRequestError,
    WrongReplyError,
)
from node.abci.framing import encode_length
from node.failpoint import reached
from wire.gen.tendermint.abci import types_pb2 as abci


class _Method(NamedTuple):
    call: Callable[[Any], Message]
    reply_type: type[Message]
    tag: bytes
    """Opens the reply's field in ``Response``: its number and the wire type for messages."""
    before: str
    """The fail point before the call."""
    after: str
    """The fail point after it, when nothing of the reply is written yet."""


def _frame_of_field(tag: bytes, body: bytes) -> bytes:
    """Encode a framed ``Response`` whose one field has this tag.

    By hand, as wrapping the reply in a ``Response`` message would copy all of it first.
    """
    field = tag + encode_length(len(body))
    return encode_length(len(field) + len(body)) + field + body


def _tag(reply: str) -> bytes:
    return encode_length(abci.Response.DESCRIPTOR.fields_by_name[reply].number << 3 | 2)


FLUSH_REPLY = _frame_of_field(_tag("flush"), b"")


def exception_frame(error: Exception) -> bytes:
    """Encode the reply that makes CometBFT log this error and stop."""
    body = abci.ResponseException(error=f"{type(error).__name__}: {error}").SerializeToString()
    return _frame_of_field(_tag("exception"), body)


class Dispatcher:
    """Holds the application's methods by the name of the request's field."""

    def __init__(self, application: Application) -> None:
        names = [field.name for field in abci.Request.DESCRIPTOR.oneofs_by_name["value"].fields]
        self._methods = {
            name: _Method(
                getattr(application, name),
                type(getattr(abci.Response(), name)),
                _tag(name),
                f"abci.{name}.before",
                f"abci.{name}.after",
            )
            for name in names
        }

    def answer(self, payload: bytes) -> bytes:
        """Execute one request; return its reply, framed.

        Raises:
            UndecodableRequestError: the payload is not a ``Request``. The application was not called.
            UnknownRequestError: the request has no method we know. The application was not called.
            ApplicationFailedError: the method raised or returned the wrong message; the cause is chained.
        """
        try:
            request = abci.Request.FromString(payload)
        except DecodeError as error:
            raise UndecodableRequestError(payload) from error
        name = request.WhichOneof("value")
        if name is None:
            unknown = UnknownFieldSet(request)
            raise UnknownRequestError([unknown[index].field_number for index in range(len(unknown))])
        method = self._methods[name]
        reached(method.before)
        try:
            reply = method.call(getattr(request, name))
            if reply.__class__ is not method.reply_type:
                raise WrongReplyError(name, method.reply_type, type(reply))
            body = reply.SerializeToString()
        except Exception as error:
            raise ApplicationFailedError(name, error) from error
        reached(method.after)
        return _frame_of_field(method.tag, body)
