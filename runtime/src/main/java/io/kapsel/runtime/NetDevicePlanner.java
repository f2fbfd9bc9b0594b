package io.kapsel.runtime;

import io.kapsel.linux.Errno;
import io.kapsel.linux.Syscall;
import io.kapsel.oci.Linux;
import io.kapsel.runtime.plan.Blob;
import io.kapsel.runtime.plan.Slot;
import io.kapsel.runtime.plan.Step;
import io.kapsel.runtime.plan.Steps;
import io.kapsel.runtime.plan.Value;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Devices of the host's network that move into the container, with another name where one is given,
 * and with their addresses, which the kernel takes away on the move (runtime-spec, config-linux.md,
 * "Network Devices"; rtnetlink(7)).
 */
final class NetDevicePlanner {
  private static final int NAME = 16;
  private static final int REQUEST = 40;
  private static final int HEAD = 16;
  private static final int LINK = 16;
  private static final int ADDRESS = 8;
  private static final int SET_LINK = 19;
  private static final int NEW_ADDRESS = 20;
  private static final int ASK_ANSWER = 1 | 4;
  private static final int CREATE = 0x400 | 0x200;
  private static final int IF_NAME = 3;
  private static final int NAMESPACE_DESCRIPTOR = 28;
  private static final int UP = 1;

  private final Draft draft;
  private final Wanted wanted;

  NetDevicePlanner(Draft draft, Wanted wanted) {
    this.draft = draft;
    this.wanted = wanted;
  }

  private Map<String, Linux.NetDevice> devices() {
    return new TreeMap<>(wanted.linux().netDevices());
  }

  private static String name(String old, Linux.NetDevice device) {
    String name = device.name().filter(text -> !text.isEmpty()).orElse(old);
    for (String each : List.of(old, name)) {
      boolean valid =
          each.getBytes(StandardCharsets.UTF_8).length < NAME
              && !each.equals(".")
              && !each.equals("..")
              && each.chars().noneMatch(c -> c == '/' || c == ':' || Character.isWhitespace(c));
      if (!valid || each.isEmpty()) {
        throw new LaunchException(
            LaunchException.Kind.REFUSED, "'linux.netDevices' has no device name: '" + each + "'");
      }
    }
    return name;
  }

  /** By the monitor, in the host's network: into that of the process. */
  void planMonitor(Slot pid) {
    if (devices().isEmpty()) {
      return;
    }
    Steps monitor = draft.monitor;
    String why = "devices of the host's network move in";
    Slot network = draft.slots.take("network_of_init");
    monitor
        .act(
            Step.Op.OPEN_PROC,
            Value.of(pid),
            Value.text("ns/net"),
            Value.all(Flag.READ, Flag.CLOSE_ON_EXEC))
        .into(network)
        .because(why);
    Slot socket = socket(monitor, why);
    devices().forEach((old, device) -> move(socket, network, old, name(old, device)));
    draft.close(monitor, socket);
    draft.close(monitor, network);
  }

  private void move(Slot socket, Slot network, String old, String name) {
    Steps monitor = draft.monitor;
    String why = "network device '" + old + "' becomes '" + name + "'";
    Blob index = index(monitor, old, why);
    ByteBuffer message = message(SET_LINK, ASK_ANSWER, LINK + 8 + 4 + NAME);
    message.position(HEAD + LINK);
    message.putShort((short) 8).putShort((short) NAMESPACE_DESCRIPTOR).putInt(0);
    message.putShort((short) (4 + NAME)).putShort((short) IF_NAME);
    message.put(name.getBytes(StandardCharsets.UTF_8));
    Blob request = blob(message, "{RTM_SETLINK, " + name + "}");
    copy(monitor, index, request, HEAD + 4);
    draft.poke(monitor, request, HEAD + LINK + 4, network, 4);
    ask(monitor, socket, request, message.capacity(), why);
  }

  /** In the init half: up, with the addresses that they had. */
  void planInit() {
    if (devices().isEmpty()) {
      return;
    }
    Steps init = draft.init;
    Slot socket = socket(init, "devices of the host's network have moved in");
    devices()
        .forEach((old, device) -> {
          String name = name(old, device);
          String why = "network device '" + name + "' has its addresses again";
          Blob index = index(init, name, why);
          bringUp(socket, index, name, why);
          for (InterfaceAddress address : addresses(old)) {
            address(socket, index, address, why);
          }
        });
    draft.close(init, socket);
  }

  private void bringUp(Slot socket, Blob index, String name, String why) {
    ByteBuffer message = message(SET_LINK, ASK_ANSWER, LINK);
    message.putInt(HEAD + 8, UP).putInt(HEAD + 12, UP);
    Blob request = blob(message, "{RTM_SETLINK, " + name + ", IFF_UP}");
    copy(draft.init, index, request, HEAD + 4);
    ask(draft.init, socket, request, message.capacity(), why);
  }

  private void address(Slot socket, Blob index, InterfaceAddress address, String why) {
    byte[] bytes = address.getAddress().getAddress();
    int attribute = 4 + bytes.length;
    ByteBuffer message = message(NEW_ADDRESS, ASK_ANSWER | CREATE, ADDRESS + 2 * attribute);
    message.position(HEAD);
    message.put((byte) (bytes.length == 4 ? 2 : 10));
    message.put((byte) address.getNetworkPrefixLength());
    message.position(HEAD + ADDRESS);
    for (int kind : new int[] {2, 1}) { // IFA_LOCAL, IFA_ADDRESS
      message.putShort((short) attribute).putShort((short) kind).put(bytes);
    }
    String shown =
        address.getAddress().getHostAddress().replaceFirst("%.*", "")
            + "/"
            + address.getNetworkPrefixLength();
    Blob request = blob(message, "{RTM_NEWADDR, " + shown + "}");
    copy(draft.init, index, request, HEAD + 4);
    ask(draft.init, socket, request, message.capacity(), why);
  }

  /** The global ones: the others come back by themselves. */
  private static List<InterfaceAddress> addresses(String name) {
    try {
      NetworkInterface device = NetworkInterface.getByName(name);
      List<InterfaceAddress> global = new ArrayList<>();
      if (device != null) {
        for (InterfaceAddress each : device.getInterfaceAddresses()) {
          InetAddress address = each.getAddress();
          if (!address.isLinkLocalAddress() && !address.isLoopbackAddress()) {
            global.add(each);
          }
        }
      }
      return global;
    } catch (SocketException e) {
      throw new LaunchException(
          LaunchException.Kind.REFUSED,
          "the addresses of '" + name + "' cannot be read: " + e.getMessage());
    }
  }

  private Slot socket(Steps steps, String why) {
    Slot socket = draft.slots.take("netlink");
    steps
        .call(
            Syscall.SOCKET,
            Value.named("AF_NETLINK", 16),
            Value.named("SOCK_RAW|SOCK_CLOEXEC", 3 | 02000000),
            Value.named("NETLINK_ROUTE", 0))
        .into(socket)
        .because(why);
    return socket;
  }

  /** A structure in which the kernel has put the device's number; netdevice(7). */
  private Blob index(Steps steps, String name, String why) {
    Slot socket = draft.slots.sharedBy("socket");
    byte[] text = new byte[REQUEST];
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(bytes, 0, text, 0, bytes.length);
    Blob request = Blob.of(text, "{" + name + "}");
    steps
        .call(
            Syscall.SOCKET,
            Value.named("AF_INET", 2),
            Value.named("SOCK_DGRAM|SOCK_CLOEXEC", 2 | 02000000),
            Flag.ZERO)
        .into(socket)
        .because(why);
    steps
        .call(
            Syscall.IOCTL, Value.of(socket), Value.named("SIOCGIFINDEX", 0x8933), Value.at(request))
        .because(why);
    draft.close(steps, socket);
    return request;
  }

  private void copy(Steps steps, Blob index, Blob request, int at) {
    steps
        .act(
            Step.Op.POKE,
            Value.at(request.offset(at)),
            new Value.Loaded(index.offset(NAME), 4),
            Value.of(4))
        .because("completes " + request.shown());
  }

  private static ByteBuffer message(int type, int flags, int body) {
    return ByteBuffer.allocate(HEAD + body)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(HEAD + body)
        .putShort((short) type)
        .putShort((short) flags)
        .putInt(1)
        .putInt(0);
  }

  private static Blob blob(ByteBuffer message, String shown) {
    byte[] bytes = new byte[message.capacity()];
    message.get(0, bytes);
    return Blob.of(bytes, shown);
  }

  private void ask(Steps steps, Slot socket, Blob request, int length, String why) {
    steps
        .call(
            Syscall.SENDTO,
            Value.of(socket),
            Value.at(request),
            Value.of(length),
            Flag.ZERO,
            Flag.NULL,
            Flag.ZERO)
        .because(why);
    Blob answer = Blob.room(1024, "answer");
    steps
        .call(
            Syscall.RECVFROM,
            Value.of(socket),
            Value.at(answer),
            Value.of(1024),
            Flag.ZERO,
            Flag.NULL,
            Flag.NULL)
        .because(why);
    steps
        .act(
            Step.Op.EXPECT,
            new Value.Loaded(answer.offset(HEAD), 4),
            Flag.ZERO,
            Value.of(0xffffffffL),
            Value.named("EEXIST", Errno.EEXIST.number()))
        .because(why);
  }
}
