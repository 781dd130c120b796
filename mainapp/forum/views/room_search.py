"""Search in one room."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.vary import vary_on_headers

from mainapp.forum.forms import ConversationQuery
from mainapp.forum.selectors.finding import find_messages
from mainapp.forum.views.finding import room_or_404

FOUND = 30


@vary_on_headers("HX-Request")
def room_search(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the room's messages with every word of `?q=`; scripts load the results alone."""
    opened = room_or_404(request, pk)
    text = ConversationQuery(request.GET).query()["text"]
    found = find_messages(request.user, text, limit=FOUND + 1, room=opened.room)
    context = {
        "room": opened.room,
        "chat": opened.chat,
        "text": text,
        "found_messages": found[:FOUND],
        "has_more": len(found) > FOUND,
    }
    is_fragment = request.headers.get("HX-Request") == "true"
    template = "_room_found.html" if is_fragment else "room_search.html"
    return render(request, f"mainapp/forum/{template}", context)
