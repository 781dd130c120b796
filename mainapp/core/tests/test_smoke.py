def test_admin_redirects_to_the_log_in(client, db):
    assert client.get("/admin/", follow=True).status_code == 200
