package io.kapsel.cli.front;

import io.kapsel.cli.command.Call;
import io.kapsel.cli.command.Command;
import io.kapsel.cli.command.CommandException;
import io.kapsel.cli.command.Manual;
import io.kapsel.cli.command.Manual.Operands;
import io.kapsel.cli.flag.FlagSet;

/** {@code kapsel completion}: what a shell needs to complete command lines of kapsel. */
final class CompletionCommand implements Command {
  private static final String BASH =
      """
      # source <(kapsel completion bash)
      _kapsel() {
        local line=${COMP_LINE:0:COMP_POINT} words word prefix candidate
        read -ra words <<<"$line"
        case $line in *[[:space:]]) words+=("") ;; esac
        word=${words[${#words[@]}-1]}
        prefix=
        case $word in *[:=]*) prefix=${word%"${word##*[:=]}"} ;; esac
        COMPREPLY=()
        while IFS=$'\\t' read -r candidate _; do
          if [ "$candidate" = :files ]; then
            compopt -o default 2>/dev/null
          else
            COMPREPLY+=("${candidate#"$prefix"}")
          fi
        done < <("${words[0]}" __complete -- "${words[@]:1}" 2>/dev/null)
      }
      complete -F _kapsel kapsel
      """;

  private static final String ZSH =
      """
      #compdef kapsel
      # source <(kapsel completion zsh)
      _kapsel() {
        local -a candidates
        local line
        for line in "${(@f)$(${words[1]} __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
          if [[ $line == :files ]]; then
            _files
          elif [[ -n $line ]]; then
            candidates+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}")
          fi
        done
        (( ${#candidates} )) && _describe -t kapsel kapsel candidates
      }
      if [[ ${funcstack[1]} == _kapsel ]]; then
        _kapsel "$@" # this file is the function, and was loaded to be called
      else
        compdef _kapsel kapsel
      fi
      """;

  private static final String FISH =
      """
      # kapsel completion fish | source
      function __kapsel_complete
        set -l words (commandline -opc) (commandline -ct)
        for line in (kapsel __complete -- $words[2..-1] 2>/dev/null)
          if test "$line" = :files
            __fish_complete_path (commandline -ct)
          else
            echo $line
          end
        end
      end
      complete -c kapsel -f -a '(__kapsel_complete)'
      """;

  private static final Manual MANUAL =
      new Manual(
          "completion",
          "SHELL",
          "Print what a shell needs to complete command lines",
          """
          SHELL is bash, zsh or fish:
            source <(kapsel completion bash)
            kapsel completion zsh >"${fpath[1]}/_kapsel"
            kapsel completion fish >~/.config/fish/completions/kapsel.fish
          """,
          FlagSet.of(),
          Operands.ONE);

  @Override
  public Manual manual() {
    return MANUAL;
  }

  @Override
  public int run(Call call) {
    String shell = call.operands().getFirst();
    call.client()
        .out(
            switch (shell) {
              case "bash" -> BASH;
              case "zsh" -> ZSH;
              case "fish" -> FISH;
              default ->
                  throw new CommandException(
                      1, "cannot complete for '" + shell + "': it is none of bash, zsh and fish");
            });
    return 0;
  }
}
