package io.kapsel.cli.command;

import io.kapsel.cli.flag.Flag;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/** Asks before what cannot be taken back, unless {@code --force} says that it is meant. */
public final class Confirmation {
  public static final Flag<Boolean> FORCE = Flag.toggle('f', "force", "Do not ask");
  private static final int LONGEST = 1024;

  private Confirmation() {}

  /** Whether it is meant: what is going to happen is said, and an answer read. */
  public static boolean given(Call call, String warning) {
    if (call.arguments().is(FORCE)) {
      return true;
    }
    return agreed(call, "WARNING! " + warning + "\nAre you sure you want to continue? [y/N] ");
  }

  /** Whether the answer to a question is yes. */
  public static boolean agreed(Call call, String question) {
    String answer = call.request().terminals().stdin() ? ask(call, question) : read(call, question);
    String word = answer.strip().toLowerCase(Locale.ROOT);
    return word.equals("y") || word.equals("yes");
  }

  private static String ask(Call call, String question) {
    try (Prompt prompt = Prompt.open(call)) {
      return prompt.ask(question.replace("\n", "\r\n"), false);
    }
  }

  /** The first line of what somebody else says. */
  private static String read(Call call, String question) {
    call.client().out(question);
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    try (ClientInput input = ClientInput.open(call)) {
      for (int c = input.read(); c >= 0 && c != '\n' && line.size() < LONGEST; c = input.read()) {
        line.write(c);
      }
    } catch (IOException _) {
      return ""; // who does not answer does not agree
    }
    return line.toString(StandardCharsets.UTF_8);
  }
}
