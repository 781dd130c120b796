"""Counted pages of lists."""

from typing import Any

from rest_framework.pagination import PageNumberPagination

from mainapp.api.policies import MAX_PAGE_SIZE, PAGE_SIZE
from mainapp.core.pages import ListPaginator


class Pages(PageNumberPagination):
    """`?page=2&page_size=50`; the response is `{count, next, previous, results}`."""

    django_paginator_class = ListPaginator
    page_size = PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE

    def get_page_number(self, request: Any, paginator: Any) -> Any:
        """Return the requested number: unlike REST framework's, without the name `last`."""
        return request.query_params.get(self.page_query_param) or 1
