package io.kapsel.e2e;

/**
 * Drives a command on a terminal with expect(1). {@code want PATTERN} fails unless the output comes
 * to match, {@code ends CODE} unless the command then ends with that exit code.
 */
final class Expect {
  private static final String PROLOGUE =
      """
      set timeout 15
      set kapsel $env(KAPSEL)
      log_user 0
      proc want {pattern} {
        global expect_out
        expect {
          -re $pattern {}
          timeout {puts "no match for $pattern in: $expect_out(buffer)"; exit 101}
          eof {puts "ended before $pattern"; catch {puts $expect_out(buffer)}; exit 102}
        }
      }
      proc ends {code} {
        expect {
          eof {}
          timeout {puts "does not end"; exit 103}
        }
        set status [wait]
        if {[lindex $status 2] != 0} {puts "wait: $status"; exit 104}
        if {[lindex $status 3] != $code} {puts "exit code [lindex $status 3], not $code"; exit 105}
      }
      proc resize {rows columns} {
        global spawn_out
        exec stty rows $rows columns $columns < $spawn_out(slave,name)
      }
      set expect_out(buffer) ""
      set stty_init "rows 24 columns 80"
      """;

  private final Product product;

  Expect(Product product) {
    this.product = product;
  }

  /** Runs the script; its complaint becomes the test's. */
  Result run(String script) {
    Command command =
        product
            .environment(Command.of("expect", "-"))
            .env("KAPSEL", Product.DIST.resolve("bin/kapsel").toString())
            .input(PROLOGUE + script);
    return command.run().ok();
  }
}
