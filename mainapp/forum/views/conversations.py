"""The list of private rooms, and opening one."""

from django.http import HttpResponse
from django.shortcuts import render

from mainapp.accounts.policies import MemberRequest
from mainapp.forum.selectors.conversations import conversation_list


def conversations(request: MemberRequest) -> HttpResponse:
    context = {"conversations": conversation_list(request.user)}
    return render(request, "mainapp/forum/conversations.html", context)


def new_conversation(request: MemberRequest) -> HttpResponse:
    return render(request, "mainapp/forum/conversations.html", {})
