"""Log-in and sign-up."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LoginView, RedirectURLMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.generic import FormView

from mainapp.accounts.forms import SignUpForm


class NextPageMixin(RedirectURLMixin):
    """`next` as Django checks it, and never one of the pages that lead to it."""

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        assert request is None  # an argument of later Django versions
        url = super().get_redirect_url()
        return "" if urlsplit(url).path in (reverse("login"), reverse("register")) else url


class LogInView(NextPageMixin, LoginView):
    template_name = "mainapp/accounts/login.html"
    redirect_authenticated_user = True


class RegisterView(NextPageMixin, FormView):  # type: ignore[type-arg] # not generic at run time
    """Sign-up; the new user is logged in and goes where `next` says, if that is a page of ours."""

    template_name = "mainapp/accounts/register.html"
    form_class = SignUpForm
    next_page = settings.LOGIN_REDIRECT_URL
    extra_context = {"mail_goes_to_files": not settings.EMAIL_HOST}

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.user.is_authenticated:
            return HttpResponseRedirect(self.get_success_url())
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        login(self.request, form.save())
        return super().form_valid(form)
