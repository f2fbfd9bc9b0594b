package io.kapsel.cli.front;

import io.kapsel.api.Service;
import io.kapsel.cli.command.system.VersionCommand;
import io.kapsel.cli.server.Client;
import io.kapsel.cli.server.Front;
import io.kapsel.cli.server.Request;
import io.kapsel.lxc.LxcFront;
import io.kapsel.ocicli.OciFront;
import io.kapsel.runtime.GuestRuntime;
import java.util.List;
import java.util.Optional;

/** Chooses the front by the name that the client was called by, or by the first word. */
public final class Fronts implements Front {
  private final Front kapsel;
  private final OciFront oci;
  private final Optional<LxcCallers> lxc;
  private final Optional<JavaCallers> java;

  /** {@code kapsel} for everybody who does not call an OCI runtime, for users who are not root. */
  public Fronts(Front kapsel, GuestRuntime runtime) {
    this(kapsel, runtime, Optional.empty());
  }

  /** For root. */
  public Fronts(Front kapsel, LiveEngine engine) {
    this(kapsel, engine.guests(), Optional.of(engine));
  }

  private Fronts(Front kapsel, GuestRuntime runtime, Optional<LiveEngine> engine) {
    this.kapsel = kapsel;
    this.lxc = engine.map(it -> new LxcCallers(it, it.lxc()));
    this.java = engine.map(it -> new JavaCallers(it.service()));
    this.oci = new OciFront(runtime, VersionCommand.version());
  }

  @Override
  public int serve(Request request, Client client) {
    List<String> words = request.argv();
    String name = words.getFirst().substring(words.getFirst().lastIndexOf('/') + 1);
    if (name.equals("kapsel-runc") || name.equals("runc") || name.equals("crun")) {
      return oci.serve(new OciCaller(request, client, words));
    }
    if (words.size() > 1 && words.get(1).equals("oci")) {
      return oci.serve(new OciCaller(request, client, words.subList(1, words.size())));
    }
    if (java.isPresent() && name.equals(Service.NAME)) {
      return java.get().serve(request, client);
    }
    if (lxc.isPresent() && LxcFront.isProgram(name)) {
      return lxc.get().serve(request, client, name);
    }
    return kapsel.serve(request, client);
  }
}
