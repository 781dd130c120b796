import pytest
from django.test import AsyncRequestFactory

from mainapp.core.static_serving import PIECE_BYTES, StaticFiles


@pytest.mark.parametrize("size", [1, PIECE_BYTES, 3 * PIECE_BYTES + 5])
async def test_a_file_is_sent_in_pieces(tmp_path, size):
    (tmp_path / "a.js").write_bytes(b"x" * size)
    middleware = StaticFiles(lambda _request: None)
    middleware.add_file_to_dictionary("/static/a.js", str(tmp_path / "a.js"))

    response = middleware.serve(
        middleware.files["/static/a.js"], AsyncRequestFactory().get("/static/a.js")
    )
    pieces = [piece async for piece in response]
    response.close()

    assert sum(map(len, pieces)) == size
    assert max(map(len, pieces)) <= PIECE_BYTES


@pytest.mark.parametrize("headers", [{"If-None-Match": "*"}, {"Range": "bytes=1-2"}, {}])
@pytest.mark.parametrize("method", ["get", "head"])
async def test_no_response_is_read_as_a_whole(tmp_path, method, headers):
    """Django warns of synchronous content, which it reads at once."""
    (tmp_path / "a.js").write_bytes(b"abcd")
    middleware = StaticFiles(lambda _request: None)
    middleware.add_file_to_dictionary("/static/a.js", str(tmp_path / "a.js"))
    file = middleware.files["/static/a.js"]
    if "If-None-Match" in headers:
        headers = {"If-None-Match": file.etag}

    request = getattr(AsyncRequestFactory(), method)("/static/a.js", headers=headers)
    response = middleware.serve(file, request)
    pieces = b"".join([piece async for piece in response])
    response.close()

    assert response.is_async
    expected = {200: b"abcd", 206: b"bc", 304: b""}[response.status_code]
    assert pieces == (expected if method == "get" else b"")
