"""Sign-up."""

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.utils.translation import gettext_lazy as _

from mainapp.accounts.models import User


class SignUpForm(UserCreationForm):  # type: ignore[type-arg] # not generic at run time
    """A new account; a username that differs only in case from another is taken."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    class Meta:
        model = User
        fields = ["username", "email", "password1", "password2"]
