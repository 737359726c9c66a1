from frontdesk.lib.refusals import Refusal


class BrokenCapsule(Refusal):
    """Not a capsule, or not whole, or not what it says of itself."""

    code = "capsule_broken"
    status = 422
    title = "This file is not a capsule that can be used"


class NewerCapsule(Refusal):
    code = "capsule_newer"
    status = 409
    title = "This capsule was made by a newer Frontdesk"


class OtherClientsCapsule(Refusal):
    code = "capsule_of_another"
    status = 409
    title = "This capsule holds another client"


class ClientBusy(Refusal):
    code = "client_busy"
    status = 409
    title = "The client's tables could not be had for themselves"
