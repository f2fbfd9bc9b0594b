package io.kapsel.linux;

import org.jspecify.annotations.Nullable;

/**
 * An error number of the kernel with its name and its words; see errno(3). The numbers are those of
 * x86-64 and aarch64, which agree.
 */
public record Errno(int number) {
  private static final @Nullable Known[] KNOWN = new Known[134];

  /** 1: operation not permitted. */
  public static final Errno EPERM = known(1, "EPERM", "operation not permitted");

  /** 2: no such file or directory. */
  public static final Errno ENOENT = known(2, "ENOENT", "no such file or directory");

  /** 3: no such process. */
  public static final Errno ESRCH = known(3, "ESRCH", "no such process");

  /** 4: interrupted system call. */
  public static final Errno EINTR = known(4, "EINTR", "interrupted system call");

  /** 5: input/output error. */
  public static final Errno EIO = known(5, "EIO", "input/output error");

  /** 6: no such device or address. */
  public static final Errno ENXIO = known(6, "ENXIO", "no such device or address");

  /** 7: argument list too long. */
  public static final Errno E2BIG = known(7, "E2BIG", "argument list too long");

  /** 8: exec format error. */
  public static final Errno ENOEXEC = known(8, "ENOEXEC", "exec format error");

  /** 9: bad file descriptor. */
  public static final Errno EBADF = known(9, "EBADF", "bad file descriptor");

  /** 10: no child processes. */
  public static final Errno ECHILD = known(10, "ECHILD", "no child processes");

  /** 11: resource temporarily unavailable. */
  public static final Errno EAGAIN = known(11, "EAGAIN", "resource temporarily unavailable");

  /** 12: cannot allocate memory. */
  public static final Errno ENOMEM = known(12, "ENOMEM", "cannot allocate memory");

  /** 13: permission denied. */
  public static final Errno EACCES = known(13, "EACCES", "permission denied");

  /** 14: bad address. */
  public static final Errno EFAULT = known(14, "EFAULT", "bad address");

  /** 15: block device required. */
  public static final Errno ENOTBLK = known(15, "ENOTBLK", "block device required");

  /** 16: device or resource busy. */
  public static final Errno EBUSY = known(16, "EBUSY", "device or resource busy");

  /** 17: file exists. */
  public static final Errno EEXIST = known(17, "EEXIST", "file exists");

  /** 18: invalid cross-device link. */
  public static final Errno EXDEV = known(18, "EXDEV", "invalid cross-device link");

  /** 19: no such device. */
  public static final Errno ENODEV = known(19, "ENODEV", "no such device");

  /** 20: not a directory. */
  public static final Errno ENOTDIR = known(20, "ENOTDIR", "not a directory");

  /** 21: is a directory. */
  public static final Errno EISDIR = known(21, "EISDIR", "is a directory");

  /** 22: invalid argument. */
  public static final Errno EINVAL = known(22, "EINVAL", "invalid argument");

  /** 23: too many open files in system. */
  public static final Errno ENFILE = known(23, "ENFILE", "too many open files in system");

  /** 24: too many open files. */
  public static final Errno EMFILE = known(24, "EMFILE", "too many open files");

  /** 25: inappropriate ioctl for device. */
  public static final Errno ENOTTY = known(25, "ENOTTY", "inappropriate ioctl for device");

  /** 26: text file busy. */
  public static final Errno ETXTBSY = known(26, "ETXTBSY", "text file busy");

  /** 27: file too large. */
  public static final Errno EFBIG = known(27, "EFBIG", "file too large");

  /** 28: no space left on device. */
  public static final Errno ENOSPC = known(28, "ENOSPC", "no space left on device");

  /** 29: illegal seek. */
  public static final Errno ESPIPE = known(29, "ESPIPE", "illegal seek");

  /** 30: read-only file system. */
  public static final Errno EROFS = known(30, "EROFS", "read-only file system");

  /** 31: too many links. */
  public static final Errno EMLINK = known(31, "EMLINK", "too many links");

  /** 32: broken pipe. */
  public static final Errno EPIPE = known(32, "EPIPE", "broken pipe");

  /** 33: numerical argument out of domain. */
  public static final Errno EDOM = known(33, "EDOM", "numerical argument out of domain");

  /** 34: numerical result out of range. */
  public static final Errno ERANGE = known(34, "ERANGE", "numerical result out of range");

  /** 35: resource deadlock avoided. */
  public static final Errno EDEADLK = known(35, "EDEADLK", "resource deadlock avoided");

  /** 36: file name too long. */
  public static final Errno ENAMETOOLONG = known(36, "ENAMETOOLONG", "file name too long");

  /** 37: no locks available. */
  public static final Errno ENOLCK = known(37, "ENOLCK", "no locks available");

  /** 38: function not implemented. */
  public static final Errno ENOSYS = known(38, "ENOSYS", "function not implemented");

  /** 39: directory not empty. */
  public static final Errno ENOTEMPTY = known(39, "ENOTEMPTY", "directory not empty");

  /** 40: too many levels of symbolic links. */
  public static final Errno ELOOP = known(40, "ELOOP", "too many levels of symbolic links");

  /** 42: no message of desired type. */
  public static final Errno ENOMSG = known(42, "ENOMSG", "no message of desired type");

  /** 43: identifier removed. */
  public static final Errno EIDRM = known(43, "EIDRM", "identifier removed");

  /** 44: channel number out of range. */
  public static final Errno ECHRNG = known(44, "ECHRNG", "channel number out of range");

  /** 45: level 2 not synchronized. */
  public static final Errno EL2NSYNC = known(45, "EL2NSYNC", "level 2 not synchronized");

  /** 46: level 3 halted. */
  public static final Errno EL3HLT = known(46, "EL3HLT", "level 3 halted");

  /** 47: level 3 reset. */
  public static final Errno EL3RST = known(47, "EL3RST", "level 3 reset");

  /** 48: link number out of range. */
  public static final Errno ELNRNG = known(48, "ELNRNG", "link number out of range");

  /** 49: protocol driver not attached. */
  public static final Errno EUNATCH = known(49, "EUNATCH", "protocol driver not attached");

  /** 50: no CSI structure available. */
  public static final Errno ENOCSI = known(50, "ENOCSI", "no CSI structure available");

  /** 51: level 2 halted. */
  public static final Errno EL2HLT = known(51, "EL2HLT", "level 2 halted");

  /** 52: invalid exchange. */
  public static final Errno EBADE = known(52, "EBADE", "invalid exchange");

  /** 53: invalid request descriptor. */
  public static final Errno EBADR = known(53, "EBADR", "invalid request descriptor");

  /** 54: exchange full. */
  public static final Errno EXFULL = known(54, "EXFULL", "exchange full");

  /** 55: no anode. */
  public static final Errno ENOANO = known(55, "ENOANO", "no anode");

  /** 56: invalid request code. */
  public static final Errno EBADRQC = known(56, "EBADRQC", "invalid request code");

  /** 57: invalid slot. */
  public static final Errno EBADSLT = known(57, "EBADSLT", "invalid slot");

  /** 59: bad font file format. */
  public static final Errno EBFONT = known(59, "EBFONT", "bad font file format");

  /** 60: device not a stream. */
  public static final Errno ENOSTR = known(60, "ENOSTR", "device not a stream");

  /** 61: no data available. */
  public static final Errno ENODATA = known(61, "ENODATA", "no data available");

  /** 62: timer expired. */
  public static final Errno ETIME = known(62, "ETIME", "timer expired");

  /** 63: out of streams resources. */
  public static final Errno ENOSR = known(63, "ENOSR", "out of streams resources");

  /** 64: machine is not on the network. */
  public static final Errno ENONET = known(64, "ENONET", "machine is not on the network");

  /** 65: package not installed. */
  public static final Errno ENOPKG = known(65, "ENOPKG", "package not installed");

  /** 66: object is remote. */
  public static final Errno EREMOTE = known(66, "EREMOTE", "object is remote");

  /** 67: link has been severed. */
  public static final Errno ENOLINK = known(67, "ENOLINK", "link has been severed");

  /** 68: advertise error. */
  public static final Errno EADV = known(68, "EADV", "advertise error");

  /** 69: srmount error. */
  public static final Errno ESRMNT = known(69, "ESRMNT", "srmount error");

  /** 70: communication error on send. */
  public static final Errno ECOMM = known(70, "ECOMM", "communication error on send");

  /** 71: protocol error. */
  public static final Errno EPROTO = known(71, "EPROTO", "protocol error");

  /** 72: multihop attempted. */
  public static final Errno EMULTIHOP = known(72, "EMULTIHOP", "multihop attempted");

  /** 73: RFS specific error. */
  public static final Errno EDOTDOT = known(73, "EDOTDOT", "RFS specific error");

  /** 74: bad message. */
  public static final Errno EBADMSG = known(74, "EBADMSG", "bad message");

  /** 75: value too large for defined data type. */
  public static final Errno EOVERFLOW =
      known(75, "EOVERFLOW", "value too large for defined data type");

  /** 76: name not unique on network. */
  public static final Errno ENOTUNIQ = known(76, "ENOTUNIQ", "name not unique on network");

  /** 77: file descriptor in bad state. */
  public static final Errno EBADFD = known(77, "EBADFD", "file descriptor in bad state");

  /** 78: remote address changed. */
  public static final Errno EREMCHG = known(78, "EREMCHG", "remote address changed");

  /** 79: can not access a needed shared library. */
  public static final Errno ELIBACC =
      known(79, "ELIBACC", "can not access a needed shared library");

  /** 80: accessing a corrupted shared library. */
  public static final Errno ELIBBAD = known(80, "ELIBBAD", "accessing a corrupted shared library");

  /** 81: .lib section in a.out corrupted. */
  public static final Errno ELIBSCN = known(81, "ELIBSCN", ".lib section in a.out corrupted");

  /** 82: attempting to link in too many shared libraries. */
  public static final Errno ELIBMAX =
      known(82, "ELIBMAX", "attempting to link in too many shared libraries");

  /** 83: cannot exec a shared library directly. */
  public static final Errno ELIBEXEC =
      known(83, "ELIBEXEC", "cannot exec a shared library directly");

  /** 84: invalid or incomplete multibyte or wide character. */
  public static final Errno EILSEQ =
      known(84, "EILSEQ", "invalid or incomplete multibyte or wide character");

  /** 85: interrupted system call should be restarted. */
  public static final Errno ERESTART =
      known(85, "ERESTART", "interrupted system call should be restarted");

  /** 86: streams pipe error. */
  public static final Errno ESTRPIPE = known(86, "ESTRPIPE", "streams pipe error");

  /** 87: too many users. */
  public static final Errno EUSERS = known(87, "EUSERS", "too many users");

  /** 88: socket operation on non-socket. */
  public static final Errno ENOTSOCK = known(88, "ENOTSOCK", "socket operation on non-socket");

  /** 89: destination address required. */
  public static final Errno EDESTADDRREQ =
      known(89, "EDESTADDRREQ", "destination address required");

  /** 90: message too long. */
  public static final Errno EMSGSIZE = known(90, "EMSGSIZE", "message too long");

  /** 91: protocol wrong type for socket. */
  public static final Errno EPROTOTYPE = known(91, "EPROTOTYPE", "protocol wrong type for socket");

  /** 92: protocol not available. */
  public static final Errno ENOPROTOOPT = known(92, "ENOPROTOOPT", "protocol not available");

  /** 93: protocol not supported. */
  public static final Errno EPROTONOSUPPORT =
      known(93, "EPROTONOSUPPORT", "protocol not supported");

  /** 94: socket type not supported. */
  public static final Errno ESOCKTNOSUPPORT =
      known(94, "ESOCKTNOSUPPORT", "socket type not supported");

  /** 95: operation not supported. */
  public static final Errno EOPNOTSUPP = known(95, "EOPNOTSUPP", "operation not supported");

  /** 96: protocol family not supported. */
  public static final Errno EPFNOSUPPORT =
      known(96, "EPFNOSUPPORT", "protocol family not supported");

  /** 97: address family not supported by protocol. */
  public static final Errno EAFNOSUPPORT =
      known(97, "EAFNOSUPPORT", "address family not supported by protocol");

  /** 98: address already in use. */
  public static final Errno EADDRINUSE = known(98, "EADDRINUSE", "address already in use");

  /** 99: cannot assign requested address. */
  public static final Errno EADDRNOTAVAIL =
      known(99, "EADDRNOTAVAIL", "cannot assign requested address");

  /** 100: network is down. */
  public static final Errno ENETDOWN = known(100, "ENETDOWN", "network is down");

  /** 101: network is unreachable. */
  public static final Errno ENETUNREACH = known(101, "ENETUNREACH", "network is unreachable");

  /** 102: network dropped connection on reset. */
  public static final Errno ENETRESET =
      known(102, "ENETRESET", "network dropped connection on reset");

  /** 103: software caused connection abort. */
  public static final Errno ECONNABORTED =
      known(103, "ECONNABORTED", "software caused connection abort");

  /** 104: connection reset by peer. */
  public static final Errno ECONNRESET = known(104, "ECONNRESET", "connection reset by peer");

  /** 105: no buffer space available. */
  public static final Errno ENOBUFS = known(105, "ENOBUFS", "no buffer space available");

  /** 106: transport endpoint is already connected. */
  public static final Errno EISCONN =
      known(106, "EISCONN", "transport endpoint is already connected");

  /** 107: transport endpoint is not connected. */
  public static final Errno ENOTCONN =
      known(107, "ENOTCONN", "transport endpoint is not connected");

  /** 108: cannot send after transport endpoint shutdown. */
  public static final Errno ESHUTDOWN =
      known(108, "ESHUTDOWN", "cannot send after transport endpoint shutdown");

  /** 109: too many references: cannot splice. */
  public static final Errno ETOOMANYREFS =
      known(109, "ETOOMANYREFS", "too many references: cannot splice");

  /** 110: connection timed out. */
  public static final Errno ETIMEDOUT = known(110, "ETIMEDOUT", "connection timed out");

  /** 111: connection refused. */
  public static final Errno ECONNREFUSED = known(111, "ECONNREFUSED", "connection refused");

  /** 112: host is down. */
  public static final Errno EHOSTDOWN = known(112, "EHOSTDOWN", "host is down");

  /** 113: no route to host. */
  public static final Errno EHOSTUNREACH = known(113, "EHOSTUNREACH", "no route to host");

  /** 114: operation already in progress. */
  public static final Errno EALREADY = known(114, "EALREADY", "operation already in progress");

  /** 115: operation now in progress. */
  public static final Errno EINPROGRESS = known(115, "EINPROGRESS", "operation now in progress");

  /** 116: stale file handle. */
  public static final Errno ESTALE = known(116, "ESTALE", "stale file handle");

  /** 117: structure needs cleaning. */
  public static final Errno EUCLEAN = known(117, "EUCLEAN", "structure needs cleaning");

  /** 118: not a XENIX named type file. */
  public static final Errno ENOTNAM = known(118, "ENOTNAM", "not a XENIX named type file");

  /** 119: no XENIX semaphores available. */
  public static final Errno ENAVAIL = known(119, "ENAVAIL", "no XENIX semaphores available");

  /** 120: is a named type file. */
  public static final Errno EISNAM = known(120, "EISNAM", "is a named type file");

  /** 121: remote I/O error. */
  public static final Errno EREMOTEIO = known(121, "EREMOTEIO", "remote I/O error");

  /** 122: disk quota exceeded. */
  public static final Errno EDQUOT = known(122, "EDQUOT", "disk quota exceeded");

  /** 123: no medium found. */
  public static final Errno ENOMEDIUM = known(123, "ENOMEDIUM", "no medium found");

  /** 124: wrong medium type. */
  public static final Errno EMEDIUMTYPE = known(124, "EMEDIUMTYPE", "wrong medium type");

  /** 125: operation canceled. */
  public static final Errno ECANCELED = known(125, "ECANCELED", "operation canceled");

  /** 126: required key not available. */
  public static final Errno ENOKEY = known(126, "ENOKEY", "required key not available");

  /** 127: key has expired. */
  public static final Errno EKEYEXPIRED = known(127, "EKEYEXPIRED", "key has expired");

  /** 128: key has been revoked. */
  public static final Errno EKEYREVOKED = known(128, "EKEYREVOKED", "key has been revoked");

  /** 129: key was rejected by service. */
  public static final Errno EKEYREJECTED =
      known(129, "EKEYREJECTED", "key was rejected by service");

  /** 130: owner died. */
  public static final Errno EOWNERDEAD = known(130, "EOWNERDEAD", "owner died");

  /** 131: state not recoverable. */
  public static final Errno ENOTRECOVERABLE =
      known(131, "ENOTRECOVERABLE", "state not recoverable");

  /** 132: operation not possible due to RF-kill. */
  public static final Errno ERFKILL =
      known(132, "ERFKILL", "operation not possible due to RF-kill");

  /** 133: memory page has hardware error. */
  public static final Errno EHWPOISON = known(133, "EHWPOISON", "memory page has hardware error");

  /** The name, such as {@code ENOENT}, or {@code E4095} for a number without a name. */
  public String name() {
    Known known = find();
    return known == null ? "E" + number : known.name;
  }

  /** What strerror(3) says, in lower case. */
  public String text() {
    Known known = find();
    return known == null ? "unknown error " + number : known.text;
  }

  /** The words, then the name: {@code invalid argument (EINVAL)}. */
  @Override
  public String toString() {
    return text() + " (" + name() + ")";
  }

  private @Nullable Known find() {
    return number >= 0 && number < KNOWN.length ? KNOWN[number] : null;
  }

  private static Errno known(int number, String name, String text) {
    KNOWN[number] = new Known(name, text);
    return new Errno(number);
  }

  private record Known(String name, String text) {}
}
