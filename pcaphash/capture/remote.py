"""Read objects behind URLs through fsspec: in pieces, several of them at once, ahead of whoever takes them.

Every piece is asked for as of the state that the object had when it was opened. A store that knows its objects refuses
once another one has taken its place, so that no piece of the new one gets between those of the old one.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, lru_cache
from http.client import HTTPConnection, HTTPException
from typing import Any, TypeVar

from pcaphash.capture.first_answer import wait_for_answer
from pcaphash.errors import CaptureError, Unreadable

_FIRST_PIECE, _LONGEST_PIECE = 256 * 1024, 4 * 1024 * 1024  # bytes: more once it is clear that all is read
_AT_ONCE = 4
_OF_SERVER = "check the URL, and that the server is up"
_HTTP = ("http", "https")
_CHECKSUMS = ("ETag", "etag", "generation", "md5Hash", "Content-MD5", "LastModified", "Last-Modified", "mtime")
_CHANGED = "the object has changed while it was read"
_PRECONDITION_FAILED = 412  # RFC 9110 section 15.5.13
_NOT_FOUND, _NOT_ALLOWED, _PASSING = (404, 410), (401, 403), (408, 429)  # and all from 500 on pass
_PARTIAL_CONTENT = 206
_OF_GOOGLE = ("gs", "gcs")
_METADATA_SERVER = "169.254.169.254"  # has credentials for the machines of Google's cloud, and is nowhere else
_METADATA_PATIENCE = 1.0  # seconds
_PAUSES = 0.2, 0.8, 2.0  # seconds, before what failed is tried again
_SILENCE = 60.0  # seconds without a byte of what a web server has begun to send

Fetch = Callable[[int, int], bytes]
T = TypeVar("T")

for _library in ("fsspec", "s3fs", "gcsfs", "aiobotocore"):  # what they log becomes an error of this package
    logging.getLogger(_library).addHandler(logging.NullHandler())


def list_objects(url: str) -> list[str]:
    """Return the URLs of objects that match a pattern, or that are below a folder, whose URL ends with a slash.

    Raises
    ------
    CaptureError
        They cannot be listed.
    """
    files, path = _files_of(url)
    try:
        _wait_for_answer(url, lambda: _knock(files, path))  # to list all may take long
        found = files.find(path) if url.endswith("/") else files.glob(path)
    except Exception as error:
        raise _unreadable(url, error) from error
    return [files.unstrip_protocol(each) for each in found]


@lru_cache(maxsize=100_000)
def size_of(url: str) -> int:
    """Return the bytes of an object, as they were when this was asked first; 0 if they are not known."""
    try:
        files, path = _files_of(url)
        return int(_wait_for_answer(url, lambda: files.info(path)).get("size") or 0)
    except Exception:  # whoever reads it will say what is wrong
        return 0


def state_of_object(url: str) -> str:
    """Return a text that changes when an object does; empty if nothing tells."""
    try:
        files, path = _files_of(url)
        return _state_of(_wait_for_answer(url, lambda: _fresh_info(files, path)))
    except Exception:
        return ""


class RemoteFile:
    """An object that is read like a file.

    Parameters
    ----------
    url : str
        Where it is.

    Raises
    ------
    CaptureError
        It cannot be read.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._files, self._path = _files_of(url)
        try:
            info = _wait_for_answer(url, lambda: _patiently(lambda: _fresh_info(self._files, self._path), _is_busy))
            if info.get("type") == "directory":
                raise FileNotFoundError(url)
            self._state = _state_of(info)
            self.size = int(info.get("size") or 0)
            self._fetch: Fetch | None = self._fetcher(info)
            self._whole: Any = None if self._fetch else _patiently(self._open_whole, _may_pass)
        except CaptureError:
            raise
        except Exception as error:
            raise _unreadable(url, error) from error
        self._pool = ThreadPoolExecutor(_AT_ONCE, "pcaphash remote")
        self._pieces: deque[Future[bytes]] = deque()
        self._piece = memoryview(b"")
        self._next = 0  # byte of the object that is asked for next
        self._piece_len = _FIRST_PIECE
        self._is_checked = False

    def isatty(self) -> bool:
        """Tell that it is no terminal."""
        return False

    def readinto(self, buffer: memoryview) -> int:
        """Read some bytes; 0 only at the end.

        Raises
        ------
        OSError
            It cannot be read any further, or has changed.
        """
        if self._whole is not None:
            data = self._attempt(lambda: self._whole.read(len(buffer)))
            buffer[: len(data)] = data
            return len(data)
        if not self._piece:
            self._piece = memoryview(self._take_piece())
        n_bytes = min(len(self._piece), len(buffer))
        buffer[:n_bytes] = self._piece[:n_bytes]
        self._piece = self._piece[n_bytes:]
        return n_bytes

    def seek(self, offset: int) -> None:
        """Go on reading elsewhere."""
        if self._whole is not None:
            raise OSError("this server gives no parts of files")
        self._forget()
        self._next, self._piece_len = offset, _FIRST_PIECE

    def close(self) -> None:
        """Stop reading."""
        self._forget()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._whole is not None:
            self._whole.close()

    def _take_piece(self) -> bytes:
        """Wait for the next piece, and ask for others."""
        n_ahead = 1 if self._piece_len == _FIRST_PIECE else _AT_ONCE
        while len(self._pieces) < n_ahead and self._next < self.size:
            start, self._next = self._next, min(self._next + self._piece_len, self.size)
            self._pieces.append(self._pool.submit(self._fetch_whole, start, self._next))
        self._piece_len = min(2 * self._piece_len, _LONGEST_PIECE)
        if self._pieces:
            return self._attempt(self._pieces.popleft().result)
        if not self._is_checked:  # not all stores refuse by themselves
            self._is_checked = True
            if self._state != state_of_object(self.url):
                raise OSError(_CHANGED)
        return b""

    def _fetch_whole(self, start: int, end: int) -> bytes:
        assert self._fetch
        fetch = self._fetch
        data = _patiently(lambda: fetch(start, end), _may_pass)
        if len(data) != end - start:
            raise OSError(_CHANGED)
        return data

    def _open_whole(self) -> Any:
        return self._files.open(self._path, block_size=0)

    def _fetcher(self, info: dict[str, Any]) -> Fetch | None:
        """Return what gets bytes of the object as it is now; None if it gives no parts of it."""
        files, path = self._files, self._path
        protocol = files.protocol if isinstance(files.protocol, str) else files.protocol[0]
        if protocol in _HTTP:
            if not self.size or info.get("partial") is False:
                return None
            asked = (
                _patiently(lambda: _gives_parts(files, path), _may_pass) for _ in range(2)
            )  # an answer may break off
            if self.size > _FIRST_PIECE and not any(asked):
                return None
            headers = _conditions(info)
            return lambda start, end: bytes(files.cat_file(path, start, end, headers=headers))
        if protocol in ("s3", "s3a"):
            file = files.open(path, cache_type="none", fill_cache=False)
            return lambda start, end: bytes(file._fetch_range(start, end))
        version = {"generation": info["generation"]} if "generation" in info else {}
        return lambda start, end: bytes(files.cat_file(path, start, end, **version))

    def _attempt(self, read: Callable[[], bytes]) -> bytes:
        """Read, and turn whatever goes wrong into an error of files."""
        try:
            return read()
        except Exception as error:
            if type(error).__name__ == "FileExpired" or getattr(error, "status", 0) == _PRECONDITION_FAILED:
                raise OSError(_CHANGED) from error
            if isinstance(error, FileNotFoundError):
                raise OSError(_CHANGED) from error  # it was there
            if isinstance(error, TimeoutError):
                raise OSError("the server has stopped sending") from error
            raise OSError("the server broke off" if _is_broken_off(error) else _text_of(error)) from error

    def _forget(self) -> None:
        for piece in self._pieces:
            piece.cancel()
        self._pieces.clear()
        self._piece = memoryview(b"")


def _conditions(info: dict[str, Any]) -> dict[str, str]:
    """Return the headers that have a server refuse once a file has changed (RFC 9110 section 13.1)."""
    etag = str(info.get("ETag") or "")
    if etag and not etag.startswith("W/"):
        return {"If-Match": etag}
    modified = str(info.get("Last-Modified") or "")
    return {"If-Unmodified-Since": modified} if modified else {}


def _gives_parts(files: Any, path: str) -> bool:
    """Ask a web server for a byte, and tell whether it gives no more: many know no ranges, and do not say so."""
    from fsspec.asyn import sync

    async def ask() -> bool:
        """Ask on the library's own thread."""
        session = await files.set_session()
        async with session.get(files.encode_url(path), headers={"Range": "bytes=0-0"}) as answer:
            if answer.status in _PASSING or answer.status >= 500:
                answer.raise_for_status()
            return bool(answer.status == _PARTIAL_CONTENT)

    return bool(sync(files.loop, ask))


def _patiently(ask: Callable[[], T], is_passing: Callable[[BaseException], bool]) -> T:
    """Return what is asked for; ask again after a while if the reason why not may pass."""
    for pause in _PAUSES:
        try:
            return ask()
        except Exception as error:
            if not is_passing(error):
                raise
        time.sleep(pause)
    return ask()


def _wait_for_answer(url: str, ask: Callable[[], T]) -> T:
    """Return what is asked for of an object, if its server answers at all."""
    return wait_for_answer("/".join(url.split("/")[:3]), ask, _is_answer)


def _is_answer(error: BaseException) -> bool:
    said = isinstance(error, FileNotFoundError | PermissionError)
    return said or _status_of(error) > 0 or _is_broken_off(error)


def _knock(files: Any, path: str) -> None:
    """Ask for an object that is not there, below a path or pattern: it only matters whether there is an answer.

    Raises
    ------
    Exception
        There is none.
    """
    try:
        files.info(f"{path.partition('*')[0].rstrip('/')}/.pcaphash")
    except Exception as error:
        if not _is_answer(error):
            raise


@cache
def _forgo_metadata() -> None:
    """Have Google's library not ask the server that has credentials on its own machines, where there is none.

    It would ask for a minute, and only then try without credentials, which is all that public objects need.
    """
    if "NO_GCE_CHECK" in os.environ or "GOOGLE_APPLICATION_CREDENTIALS" in os.environ:
        return
    address = os.environ.get("GCE_METADATA_IP", _METADATA_SERVER)
    try:
        connection = HTTPConnection(address, timeout=_METADATA_PATIENCE)
        connection.request("GET", "/", headers={"Metadata-Flavor": "Google"})
        connection.getresponse()
        connection.close()
    except (OSError, HTTPException):
        os.environ["NO_GCE_CHECK"] = "true"


def _status_of(error: BaseException) -> int:
    """Return the status code with which a server has answered; 0 if it was not that."""
    return _answer_of(error)[0]


def _answer_of(error: BaseException) -> tuple[int, str]:
    """Return the status code with which a server has answered, and what it said; 0 if it was not that."""
    for each in (error, error.__cause__):
        status = getattr(each, "status", 0) or getattr(each, "code", 0)
        if status and isinstance(status, int):
            return status, str(getattr(each, "message", "")).removesuffix(f", {status}").rstrip(".")
    return 0, ""


def _is_busy(error: BaseException) -> bool:
    status = _status_of(error)
    return status in _PASSING or status >= 500


def _is_broken_off(error: BaseException) -> bool:
    return type(error).__name__ in ("ClientPayloadError", "ServerDisconnectedError", "ClientOSError")


def _may_pass(error: BaseException) -> bool:
    return _is_busy(error) or _is_broken_off(error)


def _files_of(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path in it.

    Raises
    ------
    CaptureError
        There is none for such URLs, or it is not installed.
    """
    try:
        from fsspec.core import filesystem, url_to_fs

        protocol = url.partition(":")[0].lower()
        if protocol in _HTTP:  # the two colons in the address of a host do not name a file within another
            from aiohttp import ClientTimeout

            # The library's own patience is for whole pieces, which may be large, and the network slow.
            return filesystem(protocol, client_kwargs={"timeout": ClientTimeout(sock_read=_SILENCE)}), url
        if protocol in _OF_GOOGLE:
            _forgo_metadata()
        files, path = url_to_fs(url)
    except ImportError as error:
        raise CaptureError(
            url, Unreadable.NOT_READ, f"cannot be read: {_text_of(error)}", "install pcaphash[cloud]"
        ) from error
    except ValueError as error:
        raise CaptureError(
            url, Unreadable.NOT_READ, f"cannot be read: {_text_of(error)}", "use s3://, gs:// or https://"
        ) from error
    return files, path


def _fresh_info(files: Any, path: str) -> dict[str, Any]:
    """Return what is known of an object now, and not when it was listed."""
    files.invalidate_cache(files._parent(path))
    info: dict[str, Any] = files.info(path)
    return info


def _state_of(info: dict[str, Any]) -> str:
    found = next((f"{name} {info[name]}" for name in _CHECKSUMS if info.get(name)), "")
    return f"{info.get('size')} bytes, {found}" if found else ""


def _unreadable(url: str, error: Exception) -> CaptureError:
    """Return an error that says what to do."""
    name = type(error).__name__
    status, said = _answer_of(error)
    if status and status not in _NOT_FOUND:
        problem = f"cannot be read: the server answers {status} {said}".rstrip()
        advice = "check the credentials, and what they allow" if status in _NOT_ALLOWED else _OF_SERVER
        return CaptureError(url, Unreadable.NOT_READ, problem, advice)
    if "TooManyRedirects" in (name, type(error.__cause__).__name__):
        problem = "cannot be read: the server redirects from one URL to another without end"
        return CaptureError(url, Unreadable.NOT_READ, problem, "check the URL")
    if isinstance(error, FileNotFoundError) and isinstance(error.__cause__, OSError | ValueError):
        error = error.__cause__  # the server was not even asked
    if isinstance(error, FileNotFoundError):
        bucket = "The specified bucket does not exist" in str(error)
        problem = "its bucket does not exist" if bucket else "there is no such object"
        return CaptureError(
            url, Unreadable.NOT_FOUND, problem, "check the URL" if url.startswith(_HTTP) else "check bucket and key"
        )
    if isinstance(error, PermissionError) or "Credential" in name or "Token" in name:
        return CaptureError(
            url, Unreadable.NOT_READ, f"cannot be read: {_text_of(error)}", "check the credentials, and what they allow"
        )
    return CaptureError(url, Unreadable.NOT_READ, f"cannot be read: {_text_of(error)}", _OF_SERVER)


def _text_of(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
