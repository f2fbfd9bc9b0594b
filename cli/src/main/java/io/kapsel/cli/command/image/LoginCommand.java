package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.ClientInput;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.Prompt;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.image.registry.Client;
import io.kapsel.image.registry.Credential;
import io.kapsel.image.registry.DockerConfig;
import io.kapsel.oci.image.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** {@code kapsel login}: keeps who the user is at a registry, once the registry agrees. */
public final class LoginCommand implements Command {
  private static final int LONGEST_PASSWORD = 64 << 10;
  private static final Flag<String> USER = Flag.text('u', "username", "string", "User name");
  private static final Flag<String> PASSWORD =
      Flag.text('p', "password", "string", "Password; others on this machine can see it");
  private static final Flag<Boolean> FROM_INPUT =
      Flag.toggle("password-stdin", "Read the password from standard input");
  private static final Manual MANUAL =
      new Manual(
          "login",
          "[OPTIONS] [SERVER]",
          "Log in to a registry",
          """
          The password is kept in ~/.docker/config.json, or by the credential helper that
          this file names. At a terminal, user name and password are asked for; elsewhere:
          kapsel login -u me --password-stdin registry.example <password-file
          """,
          FlagSet.of(USER, PASSWORD, FROM_INPUT),
          new Operands(0, 1));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    String domain = domain(call);
    Credential credential = credential(call);
    Client usual = Transfer.client(call);
    new Client(usual.registries(), _ -> Optional.of(credential), usual.proxies(), usual.limits())
        .login(domain);
    DockerConfig.read(call.request().environment()).store(domain, credential);
    call.print("Login Succeeded");
    return 0;
  }

  /** The registry that the command line names; Docker Hub otherwise. */
  static String domain(Call call) {
    if (call.operands().isEmpty()) {
      return Reference.HUB;
    }
    String server =
        call.operands().getFirst().replaceFirst("^https?://", "").replaceFirst("/.*$", "");
    if (server.equals("index.docker.io")) {
      return Reference.HUB;
    }
    return ImageSource.reference(server + "/x").domain();
  }

  private static Credential credential(Call call) {
    Optional<String> user = call.arguments().last(USER);
    Optional<String> password =
        call.arguments().is(FROM_INPUT)
            ? Optional.of(fromInput(call))
            : call.arguments().last(PASSWORD);
    if (user.isPresent() && password.isPresent()) {
      return Credential.of(user.get(), password.get());
    }
    if (call.arguments().is(FROM_INPUT)) {
      throw new CommandException(1, "name the user with --username");
    }
    if (!call.request().terminals().stdin()) {
      throw new CommandException(
          1, "there is no terminal to ask at; use --username and --password-stdin");
    }
    try (Prompt prompt = Prompt.open(call)) {
      return Credential.of(
          user.orElseGet(() -> prompt.ask("Username: ", false)),
          password.orElseGet(() -> prompt.ask("Password: ", true)));
    }
  }

  private static String fromInput(Call call) {
    try (InputStream in = ClientInput.open(call)) {
      byte[] bytes = in.readNBytes(LONGEST_PASSWORD);
      return new String(bytes, StandardCharsets.UTF_8).replaceFirst("\\r?\\n$", "");
    } catch (IOException e) {
      throw new CommandException(1, "cannot read the password: " + e.getMessage());
    }
  }
}
