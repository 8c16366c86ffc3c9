"""Signing in, as every demo user does it first."""

import pytest

from mesoclinic.demo import DEMO_LOGINS


@pytest.mark.both_stacks
@pytest.mark.parametrize("login", DEMO_LOGINS)
def test_a_demo_user_comes_to_a_quiet_home_page(sign_in_as, login):
    page = sign_in_as(login.partition("@")[0])
    assert page.locator("main").count() == 1


def test_the_demos_mailbox_opens(quiet_page):
    quiet_page.goto("/demo/mail/")
    assert quiet_page.get_by_role("heading", name="Demo mailbox").is_visible()
