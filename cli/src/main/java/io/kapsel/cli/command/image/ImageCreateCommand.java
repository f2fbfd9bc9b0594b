package io.kapsel.cli.command.image;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.engine.spec.InvalidRequestException;
import io.kapsel.image.debian.DebianRequest;
import io.kapsel.image.debian.DebianRequest.Variant;
import io.kapsel.oci.InvalidSpecException;
import io.kapsel.oci.image.Digest;
import io.kapsel.oci.image.Reference;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code kapsel image create}: an image made from the packages of a distribution. */
public final class ImageCreateCommand implements Command {
  private static final String DEBIAN = "debian/";
  private static final Flag<Variant> VARIANT =
      Flag.of(
          "variant",
          "name",
          "minimal (default): what is essential or required, and apt; or\n"
              + "system: also systemd, D-Bus and udev",
          Variant::parse);
  private static final Flag<URI> MIRROR =
      Flag.of("mirror", "url", "The archive (default what the host's apt uses)", URI::create);
  private static final Flag<String> SNAPSHOT =
      Flag.text(
          "snapshot",
          "moment",
          "The archive as it was then, such as 20250520T000000Z, from\n"
              + "snapshot.debian.org or a mirror of it");
  private static final Flag<String> INCLUDE =
      Flag.text("include", "packages", "Further packages, separated by commas");
  private static final Flag<String> ARCH =
      Flag.text("arch", "name", "The architecture, as Debian calls it (default the host's)");
  private static final Flag<String> KEYRING =
      Flag.text("keyring", "file", "The keys that the archive may be signed with");
  private static final Manual MANUAL =
      new Manual(
          "image create",
          "[OPTIONS] debian/SUITE [NAME]",
          "Create an image from a Debian archive",
          """
          Downloads the packages, checks them against the archive's signature, unpacks
          them, and configures them in a container without a network. The image is called
          NAME, else debian/SUITE, with the tag 'system' for that variant.
          """,
          FlagSet.of(VARIANT, MIRROR, SNAPSHOT, INCLUDE, ARCH, KEYRING),
          new Operands(1, 2));

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    DebianRequest request = request(call);
    call.print(create(call, request, name(call, request)).toString());
    return 0;
  }

  /** Makes an image while the client waits, and returns its id. */
  public static Digest create(Call call, DebianRequest request, Reference name) {
    Map<String, String> environment = new HashMap<>();
    for (String entry : call.request().environment()) {
      int equals = entry.indexOf('=');
      if (equals > 0) {
        environment.put(entry.substring(0, equals), entry.substring(equals + 1));
      }
    }
    return call.client()
        .waiting(() ->
            call.engine()
                .createImage(
                    request,
                    name,
                    environment,
                    line -> call.client().err("kapsel: " + line + "\n")));
  }

  private static DebianRequest request(Call call) {
    String what = call.operands().getFirst();
    if (!what.startsWith(DEBIAN)) {
      throw new InvalidRequestException(
          "'" + what + "' is not debian/SUITE, such as debian/bookworm");
    }
    return new DebianRequest(
        what.substring(DEBIAN.length()),
        call.arguments().last(VARIANT).orElse(Variant.MINIMAL),
        call.arguments().last(MIRROR),
        call.arguments().last(SNAPSHOT),
        call.arguments().all(INCLUDE).stream()
            .flatMap(list -> List.of(list.split(",", -1)).stream())
            .filter(each -> !each.isBlank())
            .map(String::strip)
            .toList(),
        call.arguments().last(ARCH),
        call.arguments().last(KEYRING).map(file -> call.request().path(Path.of(file))));
  }

  private static Reference name(Call call, DebianRequest request) {
    boolean system = request.variant() == Variant.SYSTEM;
    Optional<String> given =
        call.operands().size() > 1 ? Optional.of(call.operands().get(1)) : Optional.empty();
    try {
      return Reference.parse(
              given.orElseGet(() -> DEBIAN + request.suite() + (system ? ":system" : "")))
          .orLatest();
    } catch (InvalidSpecException e) {
      throw new InvalidRequestException(String.valueOf(e.getMessage()));
    }
  }
}
