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
