/*
 * The network service's statuses for people and for POSIX programs.
 */
#include <cordon/net.h>

#include <errno.h>

static const struct {
    const char *text;
    int number; /* errno */
} errors[NET_STATUSES] = {
    [NET_OK] = {"no error", 0},
    [NET_E_REQUEST] = {"malformed, or not for this kind of socket", EINVAL},
    [NET_E_DENIED] = {"the policy does not allow it", EACCES},
    [NET_E_LIMIT] = {"all sockets are in use", EMFILE},
    [NET_E_MEMORY] = {"out of memory", ENOBUFS},
    [NET_E_IN_USE] = {"the port is in use", EADDRINUSE},
    [NET_E_ADDRESS] = {"not an address of this machine", EADDRNOTAVAIL},
    [NET_E_UNREACHABLE] = {"no route there, or no address yet", ENETUNREACH},
    [NET_E_NO_LINK] = {"the cable is out", ENETDOWN},
    [NET_E_REFUSED] = {"connection refused", ECONNREFUSED},
    [NET_E_RESET] = {"connection reset by the other side", ECONNRESET},
    [NET_E_TIMEOUT] = {"no answer in time", ETIMEDOUT},
    [NET_E_ABORTED] = {"connection aborted", ECONNABORTED},
    [NET_E_NOT_CONNECTED] = {"not connected", ENOTCONN},
    [NET_E_CONNECTED] = {"connected already", EISCONN},
    [NET_E_AGAIN] = {"nothing there yet, or no room yet", EAGAIN},
    [NET_E_SIZE] = {"datagram too large", EMSGSIZE},
    [NET_E_NOT_FOUND] = {"no such name", ENOENT},
    [NET_E_NAME_SERVER] = {"no name server answers", EAGAIN},
    [NET_E_UNSUPPORTED] = {"not supported", EOPNOTSUPP},
    [NET_E_SOCKET] = {"no such socket", EBADF},
    [NET_E_GONE] = {"the network stack has gone", EIO},
    [NET_E_CORRUPT] = {"the network stack broke the protocol", EIO},
};

const char *net_error_text(int status)
{
    if (status < 0 || status >= NET_STATUSES)
        return "unknown error of the network stack";
    return errors[status].text;
}

int net_error_errno(int status)
{
    if (status < 0 || status >= NET_STATUSES)
        return EIO;
    return errors[status].number;
}
