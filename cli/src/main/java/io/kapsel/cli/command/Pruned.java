package io.kapsel.cli.command;

import java.util.List;

/** What was removed. */
public record Pruned(List<String> names, long bytes) {
  public void tell(Call call, String title) {
    if (!names.isEmpty()) {
      call.print(title);
      names.forEach(call::print);
      call.print("");
    }
  }
}
