"""Small designs of the usual kinds, whose mutants the prover is measured on; sequential ones are next door."""

from __future__ import annotations

from selftaught.benchmarks.prover_machines import MACHINES

DESIGNS: dict[str, str] = {
    "counter": """
module top(input clk, input rst, input en, input load, input [7:0] d, output reg [7:0] q, output wrap);
  always @(posedge clk)
    if (rst) q <= 8'd0;
    else if (load) q <= d;
    else if (en) q <= q + 8'd1;
  assign wrap = en & (q == 8'd255);
endmodule""",
    "updown": """
module top(input clk, input rst_n, input up, input down, output reg [5:0] q);
  always @(posedge clk or negedge rst_n)
    if (!rst_n) q <= 6'd0;
    else if (up && !down) q <= q + 6'd1;
    else if (down && !up) q <= q - 6'd1;
endmodule""",
    "modulo": """
module top(input clk, input rst, input en, output reg [3:0] q, output tick);
  assign tick = (q == 4'd9) && en;
  always @(posedge clk)
    if (rst) q <= 4'd0;
    else if (en) begin
      if (q == 4'd9) q <= 4'd0;
      else q <= q + 4'd1;
    end
endmodule""",
    "gray_counter": """
module top(input clk, input rst, input en, output [3:0] gray);
  reg [3:0] bin;
  always @(posedge clk)
    if (rst) bin <= 4'd0;
    else if (en) bin <= bin + 4'd1;
  assign gray = bin ^ (bin >> 1);
endmodule""",
    "gray_decode": """
module top(input [7:0] gray, output reg [7:0] bin);
  integer i;
  always @* begin
    bin[7] = gray[7];
    for (i = 6; i >= 0; i = i - 1)
      bin[i] = bin[i+1] ^ gray[i];
  end
endmodule""",
    "johnson": """
module top(input clk, input rst_n, output reg [4:0] q);
  always @(posedge clk or negedge rst_n)
    if (!rst_n) q <= 5'b00000;
    else q <= {~q[0], q[4:1]};
endmodule""",
    "ring": """
module top(input clk, input rst, input en, output reg [3:0] q);
  always @(posedge clk)
    if (rst) q <= 4'b0001;
    else if (en) q <= {q[2:0], q[3]};
endmodule""",
    "lfsr": """
module top(input clk, input rst, input en, output reg [7:0] q, output bit_out);
  wire feedback = q[7] ^ q[5] ^ q[4] ^ q[3];
  always @(posedge clk)
    if (rst) q <= 8'h01;
    else if (en) q <= {q[6:0], feedback};
  assign bit_out = q[7];
endmodule""",
    "galois": """
module top(input clk, input rst, output reg [4:0] q);
  always @(posedge clk)
    if (rst) q <= 5'h1;
    else q <= {q[0], q[4], q[3] ^ q[0], q[2], q[1]};
endmodule""",
    "alu": """
module top(input [7:0] a, input [7:0] b, input [2:0] op, output reg [7:0] y, output zero, output reg carry);
  always @* begin
    carry = 1'b0;
    case (op)
      3'd0: {carry, y} = a + b;
      3'd1: {carry, y} = a - b;
      3'd2: y = a & b;
      3'd3: y = a | b;
      3'd4: y = a ^ b;
      3'd5: y = a << b[2:0];
      3'd6: y = a >> b[2:0];
      default: y = ~a;
    endcase
  end
  assign zero = (y == 8'd0);
endmodule""",
    "signed_alu": """
module top(input signed [5:0] a, input signed [5:0] b, input [1:0] op, output reg signed [6:0] y, output less);
  always @* begin
    case (op)
      2'b00: y = a + b;
      2'b01: y = a - b;
      2'b10: y = (a < b) ? b : a;
      default: y = a >>> 2;
    endcase
  end
  assign less = a < b;
endmodule""",
    "flags": """
module top(input [3:0] a, input [3:0] b, input cin, output [3:0] sum, output cout, output overflow);
  wire [4:0] total = a + b + cin;
  assign sum = total[3:0];
  assign cout = total[4];
  assign overflow = (a[3] == b[3]) && (sum[3] != a[3]);
endmodule""",
    "ripple": """
module full(input a, input b, input c, output s, output k);
  assign s = a ^ b ^ c;
  assign k = (a & b) | (c & (a ^ b));
endmodule
module top(input [5:0] a, input [5:0] b, input cin, output [5:0] s, output cout);
  wire [6:0] c;
  assign c[0] = cin;
  genvar i;
  generate
    for (i = 0; i < 6; i = i + 1) begin : stage
      full u(.a(a[i]), .b(b[i]), .c(c[i]), .s(s[i]), .k(c[i+1]));
    end
  endgenerate
  assign cout = c[6];
endmodule""",
    "multiplier": """
module top(input [3:0] a, input [3:0] b, output [7:0] p);
  assign p = a * b;
endmodule""",
    "divider": """
module top(input [5:0] a, input [2:0] b, output reg [5:0] q, output reg [2:0] r);
  always @* begin
    if (b == 3'd0) begin
      q = 6'd63;
      r = 3'd0;
    end else begin
      q = a / b;
      r = a % b;
    end
  end
endmodule""",
    "encoder": """
module top(input [7:0] req, output reg [2:0] index, output valid);
  always @* begin
    casez (req)
      8'b1???????: index = 3'd7;
      8'b01??????: index = 3'd6;
      8'b001?????: index = 3'd5;
      8'b0001????: index = 3'd4;
      8'b00001???: index = 3'd3;
      8'b000001??: index = 3'd2;
      8'b0000001?: index = 3'd1;
      default: index = 3'd0;
    endcase
  end
  assign valid = |req;
endmodule""",
    "decoder": """
module top(input [2:0] sel, input en, output [7:0] y);
  assign y = en ? (8'd1 << sel) : 8'd0;
endmodule""",
    "seven_segment": """
module top(input [3:0] digit, output reg [6:0] seg);
  always @(*)
    case (digit)
      4'h0: seg = 7'b1111110;
      4'h1: seg = 7'b0110000;
      4'h2: seg = 7'b1101101;
      4'h3: seg = 7'b1111001;
      4'h4: seg = 7'b0110011;
      4'h5: seg = 7'b1011011;
      4'h6: seg = 7'b1011111;
      4'h7: seg = 7'b1110000;
      4'h8: seg = 7'b1111111;
      4'h9: seg = 7'b1111011;
      default: seg = 7'b0000000;
    endcase
endmodule""",
    "mux": """
module top(input [3:0] a, input [3:0] b, input [3:0] c, input [3:0] d, input [1:0] s, output reg [3:0] y);
  always @(*)
    if (s == 2'd0) y = a;
    else if (s == 2'd1) y = b;
    else if (s == 2'd2) y = c;
    else y = d;
endmodule""",
    "barrel": """
module top(input [7:0] d, input [2:0] n, input left, output [7:0] y);
  wire [15:0] twice = {d, d};
  wire [15:0] r = twice >> n;
  wire [15:0] l = twice << n;
  assign y = left ? l[15:8] : r[7:0];
endmodule""",
    "popcount": """
module top(input [7:0] d, output reg [3:0] n);
  integer i;
  always @* begin
    n = 4'd0;
    for (i = 0; i < 8; i = i + 1)
      n = n + d[i];
  end
endmodule""",
    "parity": """
module top(input [8:0] d, input odd, output p, output [2:0] groups);
  assign p = ^d ^ odd;
  assign groups = {^d[8:6], ^d[5:3], ^d[2:0]};
endmodule""",
    "leading_zeros": """
module top(input [7:0] d, output reg [3:0] n);
  integer i;
  always @* begin
    n = 4'd8;
    for (i = 0; i < 8; i = i + 1)
      if (d[i]) n = 4'd7 - i[3:0];
  end
endmodule""",
    "minmax": """
module top(input [5:0] a, input [5:0] b, input [5:0] c, output [5:0] low, output [5:0] high);
  function [5:0] smaller(input [5:0] x, input [5:0] y);
    smaller = (x < y) ? x : y;
  endfunction
  wire [5:0] ab = (a > b) ? a : b;
  assign low = smaller(smaller(a, b), c);
  assign high = (ab > c) ? ab : c;
endmodule""",
    "bcd_adder": """
module top(input [3:0] a, input [3:0] b, input cin, output reg [3:0] s, output reg cout);
  reg [4:0] t;
  always @* begin
    t = a + b + cin;
    if (t > 5'd9) begin
      t = t + 5'd6;
      cout = 1'b1;
    end else
      cout = 1'b0;
    s = t[3:0];
  end
endmodule""",
}

DESIGNS |= MACHINES
