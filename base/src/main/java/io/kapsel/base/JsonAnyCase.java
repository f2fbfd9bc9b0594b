package io.kapsel.base;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The records of a package are read as those who write them expect: a property is also found when
 * its name is written in another case, and an object that is missing is one without properties.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.PACKAGE)
public @interface JsonAnyCase {}
