package io.kapsel.cli.reach;

import io.kapsel.engine.MoveWay;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where another engine is: at a socket of this machine, or behind ssh on another one. */
public sealed interface EngineAddress {
  /** The command that an engine is asked for by another one. */
  String COMMAND = "__arrive";

  /** How it is reached by whoever has this environment. */
  MoveWay way(List<String> environment);

  /** A socket. */
  record Socket(String path) implements EngineAddress {
    @Override
    public MoveWay way(List<String> environment) {
      return () -> SocketLink.open(path);
    }
  }

  /** A program there, by ssh, or by what {@code KAPSEL_SSH} names. */
  record Host(Optional<String> user, String host, Optional<String> port) implements EngineAddress {
    @Override
    public MoveWay way(List<String> environment) {
      return () -> ProgramLink.open(words(environment), environment);
    }

    /** Nobody is there to be asked for a password; a way that is dead must be noticed. */
    List<String> words(List<String> environment) {
      List<String> words =
          new ArrayList<>(
              environment.stream()
                  .filter(each -> each.startsWith("KAPSEL_SSH="))
                  .map(each -> each.substring("KAPSEL_SSH=".length()).strip())
                  .filter(each -> !each.isEmpty())
                  .findFirst()
                  .map(each -> List.of(each.split("\\s+")))
                  .orElse(List.of("ssh", "-T", "-o", "BatchMode=yes")));
      words.addAll(List.of("-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3"));
      port.ifPresent(it -> words.addAll(List.of("-p", it)));
      words.add(user.map(it -> it + "@").orElse("") + host);
      words.addAll(List.of("kapsel", COMMAND));
      return words;
    }
  }

  /** {@code ssh://[USER@]HOST[:PORT]}; an address of IPv6 stands in brackets. */
  Pattern SSH =
      Pattern.compile(
          "ssh://(?:([A-Za-z0-9_][A-Za-z0-9_.-]*)@)?"
              + "([A-Za-z0-9][A-Za-z0-9_.-]*|\\[[0-9A-Fa-f:.]+])(?::(\\d{1,5}))?/?");

  /**
   * Reads {@code unix:///PATH} or {@code ssh://[USER@]HOST[:PORT]}.
   *
   * @throws IllegalArgumentException when it is neither
   */
  static EngineAddress parse(String text) {
    if (text.startsWith("unix:///")) {
      return new Socket(text.substring("unix://".length()));
    }
    Matcher matcher = SSH.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' is no engine; use ssh://[USER@]HOST[:PORT] or unix:///PATH/kapsel.sock");
    }
    return new Host(
        Optional.ofNullable(matcher.group(1)),
        matcher.group(2).replaceAll("[\\[\\]]", ""),
        Optional.ofNullable(matcher.group(3)));
  }
}
