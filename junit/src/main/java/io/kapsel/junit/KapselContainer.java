package io.kapsel.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A container for a test: on a field or a parameter of type {@link io.kapsel.api.Container}. That
 * of a static field, of a constructor or of a method for the whole class lives as long as the
 * class, any other one as long as the test; then it is removed, however the test ends. It is ready
 * when the test begins: healthy, if it has a health check, and else when its {@link #ports} answer;
 * whatever else is to be waited for is awaited, too.
 *
 * <p>An image that is missing is pulled. The engine is that of {@link io.kapsel.api.Kapsel#open()}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.FIELD, ElementType.PARAMETER})
@ExtendWith(KapselExtension.class)
public @interface KapselContainer {
  /** The name of an image; or {@code host:}, {@code dir:PATH} or {@code tar:PATH}. */
  String image();

  /** What it runs instead of what the image says, word by word. */
  String[] command() default {};

  /** The entry point instead of that of the image. */
  String[] entrypoint() default {};

  /** Variables, {@code NAME=value}. */
  String[] env() default {};

  /** Ports as {@code -p} has them; {@code 80} alone is published at any free port of the host. */
  String[] ports() default {};

  /** Mounts as {@code -v} has them. */
  String[] volumes() default {};

  /** A health check: {@code tcp:PORT}, {@code http:PORT/PATH}, or a command for its shell. */
  String health() default "";

  /** Wait until something listens at that TCP port of it, published or not. */
  int waitForPort() default 0;

  /** Wait until this regular expression is found in what it has printed. */
  String waitForLog() default "";

  /** How long all that may take. */
  int timeoutSeconds() default 60;
}
