package io.kapsel.cli.command.container;

import io.kapsel.base.Json;
import io.kapsel.base.JsonTree;
import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Listing;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.command.image.ImageInspection;
import io.kapsel.cli.command.network.NetworkInspectCommand;
import io.kapsel.cli.command.volume.VolumeRow;
import io.kapsel.cli.flag.Flag;
import io.kapsel.cli.flag.FlagSet;
import io.kapsel.cli.template.Template;
import io.kapsel.cli.template.TemplateException;
import io.kapsel.engine.EngineException;
import io.kapsel.engine.Images;
import io.kapsel.image.ImageException;
import io.kapsel.network.NetworkException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code kapsel inspect}: all that is known of something, as JSON with the keys of Docker. */
public final class InspectCommand implements Command {
  private static final Flag<String> FORMAT =
      Flag.text(
          'f', "format", "string", "json: everything on one line; or a template such as '{{.Id}}'");
  private static final Flag<Boolean> SIZE =
      Flag.toggle('s', "size", "Say how much room containers take, too");
  private static final Flag<String> TYPE =
      Flag.text("type", "string", "Only things of that type: container, image, network, volume");
  private static final Set<String> TYPES = Set.of("container", "image", "network", "volume");

  private final Manual manual;
  private final Optional<String> only;

  /** Of the command {@code name}; {@code only} when it is for things of one type. */
  public InspectCommand(String name, Optional<String> only) {
    this.only = only;
    this.manual =
        new Manual(
            name,
            "[OPTIONS] NAME [NAME...]",
            "Show everything about " + only.map(it -> it + "s").orElse("containers and images"),
            "",
            only.isPresent() ? FlagSet.of(FORMAT, SIZE) : FlagSet.of(FORMAT, SIZE, TYPE),
            Operands.SOME);
  }

  @Override
  public Manual manual() {
    return manual;
  }

  @Override
  public int run(Call call) {
    Optional<String> type = only.or(() -> call.arguments().last(TYPE));
    if (type.filter(it -> !TYPES.contains(it)).isPresent()) {
      throw new CommandException(1, "unknown type: \"" + type.get() + "\"");
    }
    Printing printing = Printing.of(call.arguments().last(FORMAT));
    List<String> missing = new ArrayList<>();
    for (String reference : call.operands()) {
      try {
        printing.add(find(call, reference, type));
      } catch (EngineException | ImageException | NetworkException | CommandException e) {
        missing.add(String.valueOf(e.getMessage()));
      }
    }
    call.client().out(printing.text());
    missing.forEach(call::complain);
    return missing.isEmpty() ? 0 : 1;
  }

  /** Things as they are printed one by one or all together. */
  private record Printing(Optional<Template> template, boolean dense, List<Object> found) {
    static Printing of(Optional<String> format) {
      boolean dense = format.filter(it -> it.equals("json")).isPresent();
      return new Printing(
          format.filter(_ -> !dense).map(Listing::template), dense, new ArrayList<>());
    }

    void add(@Nullable Object thing) {
      try {
        found.add(template.isPresent() ? template.get().execute(thing) : thing);
      } catch (TemplateException e) {
        throw new CommandException(1, "template parsing error: " + e.getMessage());
      }
    }

    String text() {
      if (template.isEmpty()) {
        return (dense ? JsonTree.write(found) : JsonTree.print(found)) + "\n";
      }
      StringBuilder text = new StringBuilder();
      found.forEach(each -> text.append(each).append('\n'));
      return text.toString();
    }
  }

  /** A container, or an image when there is none of that name. */
  private static @Nullable Object find(Call call, String reference, Optional<String> type) {
    if (type.filter(it -> it.equals("image")).isPresent()) {
      return image(call, reference)
          .orElseThrow(() ->
              new ImageException.NotFound(
                  "cannot find '" + reference + "': there is no such image"));
    }
    if (type.filter(it -> it.equals("volume")).isPresent()) {
      return VolumeRow.inspection(call.engine().volumes().get(reference));
    }
    if (type.filter(it -> it.equals("network")).isPresent()) {
      return NetworkInspectCommand.inspection(call, reference);
    }
    try {
      return ContainerInspection.of(
          call.engine().container(reference),
          call.engine().state().resolve("volumes"),
          call.engine().networks(),
          call.arguments().is(SIZE));
    } catch (EngineException.NotFound e) {
      if (type.isPresent()) {
        throw e;
      }
      return image(call, reference)
          .or(() -> volume(call, reference))
          .or(() -> network(call, reference))
          .orElseThrow(() -> e);
    }
  }

  private static Optional<Object> network(Call call, String reference) {
    try {
      return Optional.of(NetworkInspectCommand.inspection(call, reference));
    } catch (NetworkException.NotFound _) {
      return Optional.empty();
    }
  }

  private static Optional<Object> volume(Call call, String reference) {
    return call.engine().volumes().list().stream()
        .filter(it -> it.name().equals(reference))
        .<Object>map(VolumeRow::inspection)
        .findFirst();
  }

  private static Optional<Object> image(Call call, String reference) {
    Images images = call.engine().images();
    return images
        .find(reference)
        .map(image -> ImageInspection.of(image, images.store().layers().all()))
        .map(it -> JsonTree.read(Json.write(it)));
  }
}
