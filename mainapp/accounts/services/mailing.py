"""The e-mails about an account, on the one layout of all mails."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from allauth.account import app_settings as allauth_settings
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from mainapp.core.mails import Link, Mail, render_mail
from mainapp.core.names import one_line
from mainapp.core.paths import absolute_url
from mainapp.core.templatetags.formats import full_day
from mainapp.core.templatetags.isolation import isolate_plain

Context = Mapping[str, Any]


def send_account_mail(*, kind: str, email: str, context: Context) -> None:
    """Send one of MAILS in the active language; allauth's context has other keys for each kind."""
    mail = MAILS[kind](dict(context) | {"email": email})
    text, html = render_mail(mail)
    subject = f"{settings.ACCOUNT_EMAIL_SUBJECT_PREFIX}{mail.title}"
    message = EmailMultiAlternatives(subject, text, to=[email])
    message.attach_alternative(html, "text/html")
    message.send()


def _confirmation(context: Context) -> Mail:
    sentence = _("A conta %(name)s informou este e-mail como seu. Confirme para usá-lo no Pregão.")
    return Mail(
        title=_("Confirme o seu e-mail"),
        paragraphs=[sentence % {"name": _own(context["user"].username)}],
        action=Link(label=_("Confirmar o e-mail"), url=context["activate_url"]),
        after=[
            _valid_for(timedelta(days=allauth_settings.EMAIL_CONFIRMATION_EXPIRE_DAYS)),
            _("Se não foi você, ignore esta mensagem: sem a confirmação, o endereço não vale."),
        ],
    )


def _reset_link(context: Context) -> Mail:
    sentence = _("Alguém, talvez você, pediu uma senha nova para a conta %(name)s.")
    return Mail(
        title=_("Nova senha"),
        paragraphs=[sentence % {"name": _own(context["username"])}],
        action=Link(label=_("Criar uma senha nova"), url=context["password_reset_url"]),
        after=[
            _valid_for(timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)),
            _("Se não foi você, ignore esta mensagem: a senha continua a mesma."),
        ],
    )


def _unlock_link(context: Context) -> Mail:
    sentence = _(
        "Alguém, talvez você, não conseguiu entrar na conta %(name)s por excesso de tentativas."
    )
    return Mail(
        title=_("Entrar de um novo navegador"),
        paragraphs=[
            sentence % {"name": _own(context["username"])},
            _("Para entrar com a sua senha, abra o link no navegador que você quer usar."),
        ],
        action=Link(label=_("Liberar este navegador"), url=context["unlock_url"]),
        after=[
            _("O link vale por uma hora."),
            _("Se não foi você, ignore esta mensagem: o link não dispensa a senha."),
        ],
    )


def _already_exists(context: Context) -> Mail:
    sentence = _(
        "Alguém, talvez você, tentou criar uma conta com o e-mail %(email)s, que já tem uma."
        " Nada mudou nela."
    )
    return Mail(
        title=_("Você já tem uma conta"),
        paragraphs=[sentence % {"email": _own(context["email"])}],
        action=Link(label=_("Esqueci a senha"), url=_page("account_reset_password")),
        after=[_("Se não foi você, ignore esta mensagem.")],
    )


def _password_reset(context: Context) -> Mail:
    text = _("A senha da sua conta foi redefinida pelo link que enviamos.")
    return _notice(_("Senha redefinida"), text, context)


def _password_changed(context: Context) -> Mail:
    return _notice(_("Senha alterada"), _("A senha da sua conta foi alterada."), context)


def _password_set(context: Context) -> Mail:
    return _notice(_("Senha criada"), _("A sua conta agora tem senha."), context)


def _email_removed(context: Context) -> Mail:
    text = _("O e-mail %(email)s foi removido da sua conta.")
    email = _own(context["deleted_email"])
    return _notice(_("E-mail removido"), text % {"email": email}, context)


def _email_changed(context: Context) -> Mail:
    text = _("O e-mail da sua conta mudou de %(old)s para %(new)s.") % {
        "old": _own(context["from_email"]),
        "new": _own(context["to_email"]),
    }
    # It is sent to the old address, to which no link for a new password is sent any more.
    return Mail(
        title=_("E-mail alterado"),
        paragraphs=[
            text,
            _(
                "Se não foi você, entre e mude a senha agora, e avise quem administra este"
                " servidor: este endereço não serve mais para criar uma senha nova."
            ),
        ],
        action=Link(label=_("Mudar a senha"), url=_page("account_change_password")),
        after=[_origin(context)],
    )


def _app_activated(context: Context) -> Mail:
    text = _("A sua conta agora pede, depois da senha, o código de um app.")
    return _notice(_("Segundo fator ativado"), text, context)


def _app_deactivated(context: Context) -> Mail:
    text = _("A sua conta não pede mais o código do app.")
    return _notice(_("App autenticador desativado"), text, context)


def _passkey_added(context: Context) -> Mail:
    text = _("A sua conta tem uma nova chave de acesso.")
    return _notice(_("Chave de acesso criada"), text, context)


def _passkey_removed(context: Context) -> Mail:
    text = _("Uma chave de acesso da sua conta foi removida.")
    return _notice(_("Chave de acesso removida"), text, context)


def _recovery_codes_renewed(context: Context) -> Mail:
    text = _("A sua conta tem novos códigos de recuperação. Os anteriores não valem mais.")
    return _notice(_("Novos códigos de recuperação"), text, context)


def _second_factor_reset(context: Context) -> Mail:
    sentence = _(
        "Quem administra este servidor removeu o segundo fator da conta %(name)s, com as chaves de "
        "acesso e os códigos de recuperação. Para entrar basta a senha."
    )
    return Mail(
        title=_("Segundo fator removido"),
        paragraphs=[
            sentence % {"name": _own(context["username"])},
            _("Se você não pediu isto, crie uma senha nova agora."),
        ],
        action=Link(label=_("Ativar de novo"), url=_page("second-factor")),
    )


def _notice(title: str, text: str, context: Context) -> Mail:
    return Mail(
        title=title,
        paragraphs=[
            text,
            _("Se foi você, está tudo certo. Se não foi, crie uma senha nova agora."),
        ],
        action=Link(label=_("Criar uma senha nova"), url=_page("account_reset_password")),
        after=[_origin(context)],
    )


def _origin(context: Context) -> str:
    """Return when and from where a change was made, each on its line."""
    at = timezone.localtime(context["timestamp"], timezone.get_default_timezone())
    lines = [
        _("Quando: %(day)s, %(time)s (horário de São Paulo)")
        % {"day": full_day(at), "time": f"{at:%H:%M}"},
        _("Endereço IP: %(ip)s") % {"ip": context["ip"] or _("desconhecido")},
        _("Navegador: %(browser)s") % {"browser": _own(context["user_agent"]) or _("desconhecido")},
    ]
    return "\n".join(lines)


def _valid_for(life: timedelta) -> str:
    return _("O link vale por %(days)s dias.") % {"days": life.days}


def _own(text: str) -> str:
    """Return a user's text on one line, isolated from the direction of the sentence around it."""
    return isolate_plain(one_line(text))


def _page(name: str) -> str:
    return absolute_url(reverse(name))


# Keys are the names of allauth's templates, except `second_factor_reset` and `unlock`, which are
# this site's own.
MAILS = {
    "account_already_exists": _already_exists,
    "email_changed": _email_changed,
    "email_confirmation": _confirmation,
    "email_confirmation_signup": _confirmation,
    "email_deleted": _email_removed,
    "password_changed": _password_changed,
    "password_reset": _password_reset,
    "password_reset_key": _reset_link,
    "password_set": _password_set,
    "recovery_codes_generated": _recovery_codes_renewed,
    "second_factor_reset": _second_factor_reset,
    "totp_activated": _app_activated,
    "totp_deactivated": _app_deactivated,
    "unlock": _unlock_link,
    "webauthn_added": _passkey_added,
    "webauthn_removed": _passkey_removed,
}
