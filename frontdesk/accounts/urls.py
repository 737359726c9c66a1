from django.urls import path

from frontdesk.accounts import views

urlpatterns = [
    path("sign-in/", views.sign_in, name="sign-in"),
    path("sign-in/<str:token>/", views.use_link, name="sign-in-link"),
    path("sign-out/", views.sign_out, name="sign-out"),
]
